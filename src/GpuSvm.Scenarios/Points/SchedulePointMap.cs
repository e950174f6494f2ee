using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using GpuSvm.Mmu;
using GpuSvm.Svm;

namespace GpuSvm.Scenarios;

/// <summary>The schedule points of Mm, Mmu, Driver, Gpu and Svm: all that the compiled code has, and those that schedules reach.</summary>
/// <remarks>
/// A primitive is a method of Core from which <see cref="SchedulePoint.Reach"/> is called, directly or by another method of Core; a point
/// is a call of a primitive from another project. Nothing is listed by hand: what the compiler wrote is read.
/// </remarks>
public sealed class SchedulePointMap : IDisposable
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Assembly Core = typeof(SchedulePoint).Assembly;

    private readonly Dictionary<Assembly, MethodSource> _sources;
    private readonly Dictionary<(MethodBase Method, int Offset, MethodBase Callee), SchedulePointSite?> _sites = [];
    private readonly HashSet<SchedulePointSite> _reached = [];
    private readonly IlCalls _calls = new();

    /// <summary>Opens the symbols of the five projects.</summary>
    /// <exception cref="IOException">An assembly has no portable PDB beside it.</exception>
    public SchedulePointMap() => _sources =
        ((Assembly[])[typeof(AddressSpace).Assembly, typeof(PageDirectoryBase).Assembly, typeof(SvmDriver).Assembly, typeof(SoftwareGpu).Assembly,
            typeof(DeviceMemory).Assembly])
        .ToDictionary(assembly => assembly, assembly => new MethodSource(assembly));

    /// <summary>The points that were reached so far.</summary>
    public IReadOnlyCollection<SchedulePointSite> Reached => _reached;

    /// <summary>All points that there are, by file and line.</summary>
    public IReadOnlyList<SchedulePointSite> All()
    {
        HashSet<MethodBase> primitives = Primitives();
        var all = new HashSet<SchedulePointSite>();
        foreach ((Assembly assembly, MethodSource source) in _sources)
        {
            foreach (MethodBase method in MethodsOf(assembly))
            {
                all.UnionWith(
                    from call in _calls.Of(method)
                    let callee = DefinitionOf(call.Callee)
                    where primitives.Contains(callee)
                    let site = source.Find(method, OffsetOf(method, callee, call.Offset) ?? call.Offset, MethodSource.CallOf(callee))
                    where site is not null
                    select site);
            }
        }

        return [.. all.OrderBy(site => site.File, StringComparer.Ordinal).ThenBy(site => site.Line).ThenBy(site => site.Point, StringComparer.Ordinal)];
    }

    /// <summary>Notes the point that the calling thread stands at: the first frame of its stack that is not Core's.</summary>
    /// <remarks>For <see cref="Explorer.StepObserver"/>. Right only where the runtime puts no method into another, as it does at first.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Observe()
    {
        MethodBase? callee = null;
        foreach (StackFrame frame in new StackTrace(skipFrames: 1, fNeedFileInfo: false).GetFrames())
        {
            if (frame.GetMethod() is not { } method)
            {
                return;
            }

            if (method.Module.Assembly == Core)
            {
                callee = method;
            }
            else
            {
                Note(method, frame.GetILOffset(), callee);
                return;
            }
        }
    }

    /// <summary>Closes the symbols.</summary>
    public void Dispose()
    {
        foreach (MethodSource source in _sources.Values)
        {
            source.Dispose();
        }
    }

    private static IEnumerable<MethodBase> MethodsOf(Assembly assembly) => assembly.GetTypes()
        .SelectMany(type => type.GetMethods(Declared).Concat<MethodBase>(type.GetConstructors(Declared)));

    /// <summary>The method as it was written, where an instance of a generic one is called.</summary>
    private static MethodBase DefinitionOf(MethodBase method) => method.Module.ResolveMethod(method.MetadataToken)!;

    /// <summary>Offset of the call that a stack frame stands in: the runtime knows it to a statement, so it is the next call of the kind.</summary>
    /// <remarks>
    /// Of the release of a scope it knows nothing, so that all of a method count as its first; and of a call in the last statement it may
    /// know the end of the method only.
    /// </remarks>
    private int? OffsetOf(MethodBase method, MethodBase callee, int offset)
    {
        int? last = null;
        foreach ((int at, MethodBase called) in _calls.Of(method))
        {
            if (DefinitionOf(called) == callee)
            {
                last = at;
                if (at >= offset || callee.Name == nameof(IDisposable.Dispose))
                {
                    break;
                }
            }
        }

        return last;
    }

    private void Note(MethodBase method, int offset, MethodBase? callee)
    {
        if (callee is null || !_sources.TryGetValue(method.Module.Assembly, out MethodSource? source))
        {
            return;
        }

        if (!_sites.TryGetValue((method, offset, callee), out SchedulePointSite? site))
        {
            int at = OffsetOf(DefinitionOf(method), DefinitionOf(callee), offset) ?? offset;
            site = source.Find(method, at, MethodSource.CallOf(callee));
            _sites.Add((method, offset, callee), site);
        }

        if (site is not null)
        {
            _reached.Add(site);
        }
    }

    private HashSet<MethodBase> Primitives()
    {
        (MethodBase Method, HashSet<MethodBase> Callees)[] methods =
            [.. MethodsOf(Core).Select(method => (method, _calls.Of(method).Select(call => call.Callee)
                .Where(callee => callee.Module.Assembly == Core).Select(DefinitionOf).ToHashSet()))];
        HashSet<MethodBase> found = [typeof(SchedulePoint).GetMethod(nameof(SchedulePoint.Reach))!];
        int before;
        do
        {
            before = found.Count;
            found.UnionWith(methods.Where(one => one.Callees.Overlaps(found)).Select(one => one.Method));
        }
        while (found.Count > before);
        return found;
    }
}
