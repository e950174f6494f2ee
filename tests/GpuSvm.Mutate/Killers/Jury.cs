using System.Collections.Concurrent;
using System.Diagnostics;
using GpuSvm.Mutate.Edits;
using GpuSvm.Mutate.Targets;

namespace GpuSvm.Mutate.Killers;

/// <summary>Runs the killers against mutations, the cheap ones first, up to the first that notices.</summary>
public sealed class Jury : IDisposable
{
    private readonly string _root;
    private readonly Workplace[] _workplaces;
    private readonly ConcurrentDictionary<string, Lazy<Task>> _proofs = new();

    /// <summary>Makes a workplace for each of the first two CPUs.</summary>
    /// <param name="root">Root of a checkout that has been built.</param>
    public Jury(string root)
    {
        _root = root;
        using var self = Process.GetCurrentProcess();
        nint cpus = OperatingSystem.IsLinux() ? self.ProcessorAffinity : 1;
        _workplaces = [.. Enumerable.Range(0, nint.Size * 8).Select(bit => cpus & ((nint)1 << bit)).Where(cpu => cpu != 0).Take(2)
            .Select(cpu => new Workplace(root, cpu))];
    }

    /// <summary>Judges mutations of one project, two at a time.</summary>
    /// <param name="project">The project.</param>
    /// <param name="mutations">Which of its mutations.</param>
    /// <param name="tell">Hears each verdict as soon as it is there.</param>
    /// <exception cref="InvalidOperationException">A killer fails on the code as it is, so it would prove nothing.</exception>
    public async Task JudgeAsync(MutableProject project, IReadOnlyList<Mutation> mutations, Action<Verdict> tell)
    {
        Killer[] killers =
        [
            Killer.OfTests(project.Target.Tests[0]),
            Killer.OfExplorer("pct", 100),
            .. project.Target.Tests.Skip(1).Select(Killer.OfTests),
            Killer.OfExplorer("random", 300),
            Killer.OfExplorer("pct", 2000),
        ];
        var free = new ConcurrentBag<Workplace>(_workplaces);
        await Parallel.ForEachAsync(mutations, new ParallelOptions { MaxDegreeOfParallelism = _workplaces.Length }, async (mutation, _) =>
        {
            free.TryTake(out Workplace? workplace);
            tell(await JudgeAsync(workplace!, killers, project, mutation).ConfigureAwait(false));
            free.Add(workplace!);
        }).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Workplace workplace in _workplaces)
        {
            workplace.Dispose();
        }
    }

    private async Task<Verdict> JudgeAsync(Workplace workplace, Killer[] killers, MutableProject project, Mutation mutation)
    {
        if (project.Compile(mutation) is not { } mutated)
        {
            return new Verdict(mutation, Compiles: false, null, null);
        }

        foreach (Killer killer in killers)
        {
            string original = Path.Combine(_root, killer.Folder);
            await _proofs.GetOrAdd(killer.Name, _ => new(() => ProveAsync(killer, original))).Value.ConfigureAwait(false);
            string copy = workplace.Put(killer.Folder, project.Target.Project, mutated);
            string? notice = await killer.RunAsync(copy, original, workplace.Cpu).ConfigureAwait(false);
            workplace.Restore(killer.Folder, project.Target.Project);
            if (notice is not null)
            {
                return new Verdict(mutation, Compiles: true, killer.Name, notice);
            }
        }

        return new Verdict(mutation, Compiles: true, null, null);
    }

    private static async Task ProveAsync(Killer killer, string original)
    {
        if (await killer.RunAsync(original).ConfigureAwait(false) is { } notice)
        {
            throw new InvalidOperationException($"{killer.Name} fails on the code as it is: {notice}");
        }
    }
}
