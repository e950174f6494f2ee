using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using GpuSvm.Architecture.Tests.Infrastructure;
using GpuSvm.Architecture.Tests.Sources;
using GpuSvm.Core;
using GpuSvm.Driver;
using GpuSvm.Mm;

namespace GpuSvm.Architecture.Tests.Live;

/// <summary>A live process has the same brain as a simulated one: pages, intervals and decisions are those of Mm and Driver.</summary>
public sealed class LivePolicyTests
{
    /// <summary>
    /// Where the app notes which addresses it has itself mapped, to free them, and the engine which addresses it may take pages from until
    /// the process has told that they are others': nothing about pages.
    /// </summary>
    private static readonly string[] OwnMappings = ["GpuSvm.Live.AddressRangeSet._ranges", "GpuSvm.Live.AdoptedRegion._parts"];

    private static readonly Type[] PageKeys =
    [
        typeof(VirtualAddress), typeof(PhysicalAddress), typeof(DeviceAddress), typeof(AddressRange), typeof(FrameNumber),
        typeof(CpuPte), typeof(HmmPfn), typeof(PagemapEntry), typeof(Protection), typeof(ulong), typeof(nuint), typeof(nint), typeof(bool),
    ];

    private static readonly string[] StateOfPages =
        ["IntervalTree", "CpuPageTable", "CpuLeaf", "FrameState", "FramePool", "FrameRuns", "PageLocks", "NativeReservation", "VmaList", "BitArray"];

    private static readonly Type[] Seams =
        [typeof(IMirror), typeof(IMirrorStrategy), typeof(IAddressSpaceNotifier), typeof(ICpuFaultHandler)];

    private static readonly Type[] Types =
        [.. Assembly.Load("GpuSvm.Live").GetTypes().Where(type => type.GetCustomAttribute<CompilerGeneratedAttribute>() is null)];

    [Fact]
    public void Live_holds_no_page_state_interval_tree_or_policy_of_its_own() => Rule.Holds(
        "A field of Live is no table, list or tree of pages, addresses or rights: those are Mm's.",
        from type in Types
        from field in type.GetFields(AllOfIt)
        where HoldsPages(field.FieldType) && !OwnMappings.Contains($"{type.FullName}.{field.Name}")
        select $"{type.FullName}.{field.Name}: {field.FieldType}");

    [Fact]
    public void Live_is_no_mirror_and_serves_no_fault_by_a_policy_of_its_own() => Rule.Holds(
        "No type of Live takes the place of a mirror, a strategy, a notifier or a fault handler.",
        from type in Types
        from seam in Seams
        where seam.IsAssignableFrom(type)
        select $"{type.FullName} is a {seam.Name}");

    [Fact]
    public void Live_makes_no_entry_of_a_page_table() => Rule.Holds(
        "Live reads entries of the CPU's table to show them, and makes none: no CpuPte and no HmmPfn comes from there.",
        from file in SourceFile.Below("src/GpuSvm.Live")
        from use in new[] { "HmmPfn", "HmmRange", "CpuLeaf", "CpuPte.Map", "new CpuPte", "Touched", "WithRights", "Notifiers" }
            .SelectMany(file.Uses)
        select use);

    [Theory]
    [InlineData(typeof(Dictionary<ulong, int>), true)]
    [InlineData(typeof(HashSet<VirtualAddress>), true)]
    [InlineData(typeof(List<AddressRange>), true)]
    [InlineData(typeof(Protection[]), true)]
    [InlineData(typeof(bool[]), true)]
    [InlineData(typeof(Dictionary<int, Protection>), true)]
    [InlineData(typeof(IntervalTree<string>), true)]
    [InlineData(typeof(NativeReservation), true)]
    [InlineData(typeof(BitArray), true)]
    [InlineData(typeof(List<string>), false)]
    [InlineData(typeof(byte[]), false)]
    [InlineData(typeof(AddressRange), false)]
    [InlineData(typeof(SystemMemory), false)]
    public void State_of_pages_is_told_from_other_fields(Type type, bool expected) => Assert.Equal(expected, HoldsPages(type));

    private const BindingFlags AllOfIt =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static bool HoldsPages(Type type) =>
        StateOfPages.Contains(type.Name.Split('`')[0])
        || (type.IsArray && PageKeys.Contains(type.GetElementType()))
        || (type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type) && type.GenericTypeArguments.Any(PageKeys.Contains));
}
