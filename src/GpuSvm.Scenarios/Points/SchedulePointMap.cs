using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using GpuSvm.Mmu;

namespace GpuSvm.Scenarios;

/// <summary>The schedule points of Mm, Mmu, Driver and Gpu: all that the compiled code has, and those that schedules reach.</summary>
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

    /// <summary>Opens the symbols of the four projects.</summary>
    /// <exception cref="IOException">An assembly has no portable PDB beside it.</exception>
    public SchedulePointMap() => _sources =
        ((Assembly[])[typeof(AddressSpace).Assembly, typeof(PageDirectoryBase).Assembly, typeof(SvmDriver).Assembly, typeof(SoftwareGpu).Assembly])
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
                    where primitives.Contains(DefinitionOf(call.Callee))
                    let site = source.Find(method, call.Offset, MethodSource.CallOf(call.Callee))
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

    private void Note(MethodBase method, int offset, MethodBase? callee)
    {
        if (callee is null || !_sources.TryGetValue(method.Module.Assembly, out MethodSource? source))
        {
            return;
        }

        if (!_sites.TryGetValue((method, offset, callee), out SchedulePointSite? site))
        {
            site = source.Find(method, offset, MethodSource.CallOf(callee));
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
