namespace GpuSvm.Driver;

/// <summary>The strategies that there are, for <see cref="SvmDriverOptions.Strategy"/> and for what runs on each of them.</summary>
public static class MirrorStrategies
{
    /// <summary>Makes a <see cref="PerFaultStrategy"/>.</summary>
    public static Func<AddressSpace, GpuMirror, IMirrorStrategy> PerFault { get; } = static (mm, mirror) => new PerFaultStrategy(mm, mirror);

    /// <summary>Makes a <see cref="VmaSizedStrategy"/>.</summary>
    public static Func<AddressSpace, GpuMirror, IMirrorStrategy> VmaSized { get; } = static (mm, mirror) => new VmaSizedStrategy(mm, mirror);

    /// <summary>Makes a <see cref="TableAlignedStrategy"/> with nodes of <see cref="TableAlignedStrategy.DefaultNodeSize"/>.</summary>
    public static Func<AddressSpace, GpuMirror, IMirrorStrategy> TableAligned { get; } =
        static (mm, mirror) => new TableAlignedStrategy(mm, mirror);

    /// <summary>Makes a <see cref="SizedRangesStrategy"/>, as <see cref="SvmDriverOptions.Ranges"/> says.</summary>
    public static Func<AddressSpace, GpuMirror, IMirrorStrategy> SizedRanges { get; } = static (mm, mirror) => new SizedRangesStrategy(mm, mirror);

    /// <summary>Each strategy under its <see cref="IMirrorStrategy.Name"/>, in the order in which tables show them.</summary>
    public static IReadOnlyList<KeyValuePair<string, Func<AddressSpace, GpuMirror, IMirrorStrategy>>> All { get; } =
        [new("per-fault", PerFault), new("vma-sized", VmaSized), new("table-aligned", TableAligned), new("sized-ranges", SizedRanges)];
}
