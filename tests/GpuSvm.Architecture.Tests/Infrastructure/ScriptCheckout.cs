using System.Diagnostics;

namespace GpuSvm.Architecture.Tests.Infrastructure;

/// <summary>A small checkout with the real scripts, a few sources, and a <c>dotnet</c> that only notes how it was called.</summary>
public sealed class ScriptCheckout : IDisposable
{
    /// <summary>What the scripts may use besides the shell itself. The folder of the real tools may hold a real dotnet.</summary>
    private static readonly string[] Tools =
    [
        "bash", "cat", "dirname", "env", "find", "flock", "grep", "head", "mkdir", "readlink", "rm", "sed", "sleep", "sort", "tail", "tee",
        "timeout", "touch", "uniq", "wc",
    ];

    private static readonly string[] Copied =
        ["gpusvm", "test", ".ci/run", "eng/build.sh", "global.json", "Directory.Build.props", ".editorconfig"];

    private readonly string _tools;
    private readonly string _calls;

    public ScriptCheckout()
    {
        Root = Directory.CreateTempSubdirectory("gpusvm-scripts-").FullName;
        _tools = Directory.CreateDirectory(Path.Combine(Root, "fake-tools")).FullName;
        _calls = Path.Combine(_tools, "calls");
        foreach (string tool in Tools)
        {
            string folder = File.Exists($"/usr/bin/{tool}") ? "/usr/bin" : "/bin";
            File.CreateSymbolicLink(Path.Combine(_tools, tool), $"{folder}/{tool}");
        }

        foreach (string file in Copied)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Root, file))!);
            File.Copy(Path.Combine(Repository.Root, file), Path.Combine(Root, file));
        }

        Write("src/GpuSvm.Core/A.cs", "class A;");
        Write("src/GpuSvm.Cli/B.cs", "class B;");
        Write("tests/GpuSvm.PostedStrategies/C.cs", "class C;");
    }

    public string Root { get; }

    /// <summary>The builds that were asked for so far.</summary>
    public int Builds => Calls.Count(call => call.StartsWith("msbuild ", StringComparison.Ordinal));

    /// <summary>Every call of dotnet so far.</summary>
    public IReadOnlyList<string> Calls => File.Exists(_calls) ? File.ReadAllLines(_calls) : [];

    /// <summary>Puts a <c>dotnet</c> on the path that notes each call and then runs <paramref name="body"/>, a shell script.</summary>
    public void InstallDotnet(string body)
    {
        string path = Path.Combine(_tools, "dotnet");
        File.WriteAllText(path, $"#!{_tools}/bash\nset -eu\necho \"$*\" >>'{_calls}'\n{body}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Writes a file below the root.</summary>
    public void Write(string path, string text)
    {
        string file = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    /// <summary>Runs a script to its end with nothing but the fake tools on the path.</summary>
    public ScriptResult Run(string script, params string[] arguments) => Finish(Start(script, arguments));

    /// <summary>Starts a script that <see cref="Finish"/> waits for.</summary>
    public Process Start(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(_tools, "bash"), [Path.Combine(Root, script), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment.Clear();
        start.Environment["PATH"] = _tools;
        start.Environment["GPUSVM_TEST_TIMEOUT"] = "1";
        return Process.Start(start)!;
    }

    /// <summary>Waits for a script.</summary>
    public static ScriptResult Finish(Process process)
    {
        using (process)
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(TimeSpan.FromSeconds(60)))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail($"A script did not end: {output.Result}{errors.Result}");
            }

            return new ScriptResult(process.ExitCode, output.Result, errors.Result);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Root, recursive: true);
}

/// <summary>How a script ended.</summary>
public sealed record ScriptResult(int ExitCode, string Output, string Errors)
{
    /// <summary>The last line of the output.</summary>
    public string LastLine => Output.TrimEnd('\n').Split('\n')[^1];
}
