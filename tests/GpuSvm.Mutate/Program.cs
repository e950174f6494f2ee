using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using GpuSvm.Mutate.Edits;
using GpuSvm.Mutate.Killers;
using GpuSvm.Mutate.Targets;

const double Demanded = 0.9;
const string Document = "docs/mutation.md";

var list = new Option<bool>("--list") { Description = "Print the mutations and run nothing." };
var only = new Option<string[]>("--only") { Description = "Mutations whose name contains this text; may be repeated." };
var sample = new Option<int>("--sample") { Description = "Every K-th mutation.", DefaultValueFactory = _ => 1 };
sample.Validators.Add(result =>
{
    if (result.GetValueOrDefault<int>() < 1)
    {
        result.AddError("--sample: expected a number from 1 on");
    }
});
var command = new RootCommand(
    "Changes the notifier core and the servicing protocol in one place at a time, and counts how often tests or explorer notice. "
    + "Runs in the root of a checkout. Exit code: 0 when nine in ten are noticed, 1 when not, 2 for bad arguments.")
{
    list, only, sample,
};
command.SetAction(async (parsed, _) =>
{
    string root = Environment.CurrentDirectory;
    MutableProject[] projects = await Task.WhenAll(Target.All.Select(target => MutableProject.LoadAsync(root, target)))
        .ConfigureAwait(false);
    EquivalentMutations equivalent = EquivalentMutations.Read(File.ReadLines(Path.Combine(root, Document)));
    if (equivalent.Stale(projects.SelectMany(project => project.Mutations)).ToArray() is { Length: > 0 } stale)
    {
        Console.Error.WriteLine($"mutate: {Document} lists what is not in the code any more: {string.Join(", ", stale)}");
        return 1;
    }

    string[] wanted = parsed.GetValue(only) ?? [];
    int step = parsed.GetValue(sample);
    HashSet<Mutation> chosen =
    [
        .. projects.SelectMany(project => project.Mutations)
            .Where(mutation => wanted.Length == 0 || wanted.Any(mutation.Name.Contains))
            .Where((_, index) => index % step == 0),
    ];
    int same = chosen.RemoveWhere(equivalent.Contains);
    if (parsed.GetValue(list))
    {
        foreach (Mutation mutation in chosen)
        {
            Console.WriteLine($"{mutation.Name} (line {mutation.Line}: {mutation.Code})");
        }

        Console.WriteLine($"{chosen.Count} mutations, and {same} that change nothing");
        return 0;
    }

    Console.WriteLine($"{chosen.Count} mutations, and {same} that change nothing, as {Document} says");
    return await JudgeAsync(root, projects, chosen).ConfigureAwait(false) ? 0 : 1;
});
ParseResult arguments = command.Parse(args);
return arguments.Errors.Count > 0 && arguments.Action is not System.CommandLine.Help.HelpAction
    ? Refuse(arguments)
    : await arguments.InvokeAsync().ConfigureAwait(false);

static int Refuse(ParseResult arguments)
{
    Console.Error.WriteLine($"mutate: {arguments.Errors[0].Message}");
    return 2;
}

static async Task<bool> JudgeAsync(string root, MutableProject[] projects, HashSet<Mutation> chosen)
{
    var verdicts = new List<Verdict>();
    long start = Stopwatch.GetTimestamp();
    using (var jury = new Jury(root))
    {
        foreach (MutableProject project in projects)
        {
            await jury.JudgeAsync(project, [.. project.Mutations.Where(chosen.Contains)], verdict =>
            {
                lock (verdicts)
                {
                    verdicts.Add(verdict);
                    Console.WriteLine(verdict);
                }
            }).ConfigureAwait(false);
        }
    }

    int counted = verdicts.Count(verdict => verdict.Compiles);
    int killed = counted - verdicts.Count(verdict => verdict.Survived);
    double score = killed / Math.Max(1.0, counted);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{killed} of {counted} mutations killed ({100 * score:0.0} %) in {Stopwatch.GetElapsedTime(start).TotalMinutes:0.0} minutes"));
    return score >= Demanded;
}
