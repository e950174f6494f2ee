namespace GpuSvm.Gpu;

/// <summary>One instance: its address space, its caches on every SM, and the launches that it runs one after another.</summary>
internal sealed class Channel
{
    private static readonly AddressRange Everything = new(0UL, ulong.MaxValue);

    private TranslationDomain? _domain;
    private Launch? _running;

    internal Channel(InstancePointer instance, int sms, Func<Channel, SmPort> makePort)
    {
        Instance = instance;
        Ports = new SmPort[sms];
        for (int i = 0; i < sms; i++)
        {
            Ports[i] = makePort(this);
        }
    }

    internal InstancePointer Instance { get; }

    /// <summary>The port of each SM.</summary>
    internal SmPort[] Ports { get; }

    /// <summary>The address space; null while the instance is not bound.</summary>
    internal TranslationDomain? Domain
    {
        get => SharedWord.Read(ref _domain);
        set => SharedWord.Write(ref _domain, value);
    }

    /// <summary>The launches that are not finished. Under the device's lock.</summary>
    internal List<Launch> Launches { get; } = [];

    /// <summary>The launch that runs now.</summary>
    internal Launch? Running => SharedWord.Read(ref _running);

    internal void SetRunning(Launch? launch)
    {
        foreach (SmPort port in Ports)
        {
            port.Launch = launch;
        }

        SharedWord.Write(ref _running, launch);
    }

    /// <summary>Stops the running launch because of an access.</summary>
    internal void Stop(GpuFaultReport report) => Running?.TryStop(LaunchStop.Fault(report));

    /// <summary>Empties the caches, so that every later access looks at the state of its launch.</summary>
    internal void DropTranslations()
    {
        foreach (SmPort port in Ports)
        {
            port.Tlb.Drop(Everything);
        }
    }
}
