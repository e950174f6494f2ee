namespace GpuSvm.Driver;

/// <summary>One stream of work of a client, known to the GPU by its instance pointer.</summary>
/// <remarks>Source: struct nouveau_ivmm of nouveau_svm.c, which joins an instance with its svmm.</remarks>
public sealed class Channel
{
    internal Channel(SvmClient client, InstancePointer instance)
    {
        Client = client;
        Instance = instance;
    }

    /// <summary>Whose channel it is.</summary>
    public SvmClient Client { get; }

    /// <summary>The name in fault entries.</summary>
    public InstancePointer Instance { get; }
}
