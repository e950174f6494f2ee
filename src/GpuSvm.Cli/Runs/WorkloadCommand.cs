using System.CommandLine;
using GpuSvm.Cli.Options;
using GpuSvm.Cli.Output;
using GpuSvm.Cli.Runs.Targets;

namespace GpuSvm.Cli.Runs;

/// <summary>A verb below <c>run</c> or <c>residency</c>: the options that all share, and what happens around the run itself.</summary>
internal sealed class WorkloadCommand : Command
{
    private readonly MachineSettings _settings = new();
    private readonly TargetSettings _target = new();

    private readonly Option<string?> _trace = new("--trace")
    {
        Description = "Write what happens to a file that ui.perfetto.dev opens.",
        HelpName = "FILE.pftrace",
    };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print one JSON document instead of text (docs/cli.md has its schema).",
    };

    private RunView _view = RunView.Counters;

    /// <summary>Makes a verb; the caller adds its own options and says what it runs.</summary>
    /// <param name="name">The workload.</param>
    /// <param name="description">What it computes.</param>
    public WorkloadCommand(string name, string description)
        : base(name, description)
    {
        _settings.AddTo(this);
        _target.AddTo(this);
        Add(_trace);
        Add(_json);
    }

    /// <summary>Makes the argument that names the input file.</summary>
    /// <param name="description">What the file holds.</param>
    public static Argument<string> FileArgument(string description) => new("FILE") { Description = description };

    /// <summary>Sets what the verb runs.</summary>
    /// <param name="run">Gets a process to work on and the command line; gives the report of a run that came to an answer.</param>
    public void Runs(Func<RunSession, ParseResult, Task<RunReport>> run) => SetAction((parsed, _) => RunAsync(run, parsed));

    /// <summary>Has the verb show where each range has ended; there is none unless pages may move.</summary>
    public void ShowRanges()
    {
        _view = RunView.Ranges;
        _settings.Migration.UsualPlacement = SvmResidency.Auto;
    }

    private async Task<int> RunAsync(Func<RunSession, ParseResult, Task<RunReport>> run, ParseResult parsed)
    {
        using TraceFile? trace = parsed.GetValue(_trace) is { } path ? TraceFile.Open(path) : null;
        MachineOptions options = _settings.Read(parsed) with { Events = trace?.Events };
        (RunTarget target, string? notice) = await _target.OpenAsync(parsed, options).ConfigureAwait(false);
        RunReport report;
        RunDocument document;
        await using (target.ConfigureAwait(false))
        {
            var session = new RunSession(target);
            report = await ReportAsync(run, parsed, session).ConfigureAwait(false);
            document = await RunDocument.OfAsync(Name, session, report, _view).ConfigureAwait(false);
            await target.CompleteEventsAsync().ConfigureAwait(false);
            document = document with { Trace = trace?.Complete() };
        }

        // Not before: what cannot be used is told in one line.
        if (notice is not null)
        {
            Console.Error.WriteLine($"gpusvm: {notice}");
        }

        return Show(document, report, parsed);
    }

    private static async Task<RunReport> ReportAsync(
        Func<RunSession, ParseResult, Task<RunReport>> run, ParseResult parsed, RunSession session)
    {
        try
        {
            return await run(session, parsed).ConfigureAwait(false);
        }
        catch (Exception failed) when (failed is RunFailedException or SvmException)
        {
            return RunReport.WithoutAnswer(failed.Message);
        }
        catch (IOException unreadable)
        {
            throw new BadInputException(unreadable.Message);
        }
    }

    private int Show(RunDocument document, RunReport report, ParseResult parsed)
    {
        if (parsed.GetValue(_json))
        {
            JsonOutput.Write(document);
        }
        else
        {
            TextOutput.Write(document, report.Answer);
        }

        if (report.Failure is null)
        {
            return ExitCodes.Success;
        }

        Console.Error.WriteLine($"gpusvm: {report.Failure}");
        return ExitCodes.Failure;
    }
}
