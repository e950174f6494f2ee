namespace GpuSvm.Mm;

/// <summary>The registration of a plain notifier.</summary>
internal sealed class PlainNotifier(IAddressSpaceNotifier notifier)
{
    /// <summary>Who is called.</summary>
    public IAddressSpaceNotifier Notifier => notifier;

    /// <summary>Number of callbacks that run now; guarded by the notifiers' lock.</summary>
    public int Running { get; set; }

    /// <summary>True once removal has begun: no callback starts any more; guarded by the notifiers' lock.</summary>
    public bool IsRemoved { get; set; }
}
