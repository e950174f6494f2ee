using GpuSvm.Architecture.Tests.Infrastructure;

namespace GpuSvm.Architecture.Tests.Scripts;

/// <summary><c>./test</c>: every assembly counts, most of all one that cannot say so itself.</summary>
public sealed class TestScriptTests : IDisposable
{
    // What dotnet does for an assembly, by its name. "report PASSED FAILED SKIPPED [ERROR]…" writes what the test platform writes: an
    // error for what it saw itself, and one for each failed test that xunit tells it of.
    private const string Dotnet = """
        report() {
            mkdir -p artifacts/test
            local infos= text
            for text in "${@:4}"; do
                infos+="<RunInfo computerName=\"x\" outcome=\"Error\">"$'\n'"<Text>$text</Text></RunInfo>"$'\n'
            done
            for ((i = 0; i < $3; i++)); do
                infos+="<UnitTestResult outcome=\"NotExecuted\">"$'\n'"<Output><ErrorInfo>"$'\n'"<Message>not here</Message>"$'\n'
            done
            echo "<TestRun><ResultSummary outcome=\"Completed\"><Counters total=\"$(($1 + $2 + $3))\" executed=\"$(($1 + $2))\"" \
                "passed=\"$1\" failed=\"$2\" error=\"0\" passedButRunAborted=\"0\" notExecuted=\"0\" /><RunInfos>$infos</RunInfos></ResultSummary></TestRun>" \
                >"artifacts/test/$name.trx"
        }
        case $1 in
        --version) echo 10.0.100; exit ;;
        msbuild) [[ ! -e broken ]] || { echo "A.cs(1,1): error"; exit 1; }; exit ;;
        esac
        name=${2##*/}; name=${name%.dll}
        xunit='[xUnit.net 00:00:06.68]     Some.Tests'
        aborted='The active test run was aborted. Reason: Test host process crashed'
        case $name in
        Good.Tests) report 3 0 0 ;;
        More.Tests) report 4 0 0 ;;
        Skipping.Tests) report 2 0 3 ;;
        Failing.Tests) report 5 2 0 "$xunit.One [FAIL]" "$xunit.Two [FAIL]"; echo "Expected 1 but was 2"; exit 1 ;;
        Crashing.Tests) echo "it crashed"; kill -SEGV $$ ;;
        CrashingLate.Tests) report 6 0 0 "$aborted"; exit 1 ;;
        CrashingAfterFailure.Tests) report 1 1 0 "$xunit.One [FAIL]" "$aborted"; exit 1 ;;
        Hanging.Tests) report 1 0 0; sleep 1000 ;;
        Silent.Tests) ;;
        Empty.Tests) report 0 0 0 ;;
        esac
        """;

    private readonly ScriptCheckout _checkout = new();

    public TestScriptTests() => _checkout.InstallDotnet($"cd '{_checkout.Root}'\n{Dotnet}");

    public void Dispose() => _checkout.Dispose();

    [Theory]
    [InlineData("3 passed, 0 failed", 0, "Good")]
    [InlineData("7 passed, 0 failed", 0, "Good", "More")]
    [InlineData("5 passed, 0 failed, 3 skipped", 0, "Good", "Skipping")]
    [InlineData("8 passed, 2 failed", 1, "Good", "Failing")]
    [InlineData("3 passed, 1 failed", 1, "Crashing", "Good")]
    [InlineData("9 passed, 1 failed", 1, "CrashingLate", "Good")]
    [InlineData("4 passed, 2 failed", 1, "CrashingAfterFailure", "Good")]
    [InlineData("4 passed, 1 failed", 1, "Hanging", "Good")]
    [InlineData("3 passed, 1 failed", 1, "Silent", "Good")]
    [InlineData("3 passed, 1 failed", 1, "Empty", "Good")]
    [InlineData("0 passed, 1 failed", 1, "Silent")]
    public void The_counts_of_all_assemblies_are_added_up(string lastLine, int exitCode, params string[] assemblies)
    {
        AddAssemblies(assemblies);
        ScriptResult result = _checkout.Run("test");
        Assert.Equal((lastLine, exitCode, "test: building…\n"), (result.LastLine, result.ExitCode, result.Errors));
    }

    [Theory]
    [InlineData("Crashing", "Crashing.Tests crashed: exit code 139")]
    [InlineData("Hanging", "Hanging.Tests hung: ended after 1 s")]
    [InlineData("Silent", "Silent.Tests reported nothing")]
    [InlineData("Failing", "Expected 1 but was 2")]
    [InlineData("Skipping", "skipped 3: not here")]
    public void What_went_wrong_or_was_left_out_is_shown(string assembly, string said)
    {
        AddAssemblies(assembly);
        Assert.Contains($"    {said}\n", _checkout.Run("test").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_is_built_once_in_Release_before_the_first_assembly_runs()
    {
        AddAssemblies("Good", "More");
        _checkout.Run("test");
        string[] calls = [.. _checkout.Calls.Where(call => call != "--version")];
        Assert.Equal(3, calls.Length);
        Assert.StartsWith($"msbuild {_checkout.Root}/GpuSvm.slnx -restore", calls[0], StringComparison.Ordinal);
        Assert.StartsWith($"test {_checkout.Root}/tests/Good.Tests/bin/Release/net10.0/Good.Tests.dll", calls[1], StringComparison.Ordinal);
        Assert.StartsWith($"test {_checkout.Root}/tests/More.Tests/bin/Release/net10.0/More.Tests.dll", calls[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_chooses_assemblies_and_only_they_are_built()
    {
        AddAssemblies("Good", "Failing", "More");
        ScriptResult result = _checkout.Run("test", "goo", "MORE");
        Assert.Equal("7 passed, 0 failed", result.LastLine);
        Assert.Equal(2, _checkout.Builds);
    }

    [Fact]
    public void A_name_that_fits_nothing_runs_nothing_and_fails()
    {
        AddAssemblies("Good");
        ScriptResult result = _checkout.Run("test", "nope");
        Assert.Equal((2, "test: no assembly in tests/ matches nope\n"), (result.ExitCode, result.Errors));
        Assert.Empty(_checkout.Calls);
    }

    [Fact]
    public void A_failed_build_counts_as_one_failed_and_shows_its_errors()
    {
        AddAssemblies("Good");
        _checkout.Write("broken", "");
        ScriptResult result = _checkout.Run("test");
        Assert.Equal((1, "A.cs(1,1): error\n0 passed, 1 failed\n"), (result.ExitCode, result.Output));
    }

    [Fact]
    public void A_report_of_an_earlier_run_does_not_count()
    {
        AddAssemblies("Silent");
        _checkout.Write("artifacts/test/Silent.Tests.trx", """<Counters total="9" executed="9" passed="9" failed="0" />""");
        Assert.Equal("0 passed, 1 failed", _checkout.Run("test").LastLine);
    }

    [Fact]
    public void Help_says_how_it_is_used()
    {
        ScriptResult result = _checkout.Run("test", "--help");
        Assert.StartsWith("./test [NAME…]: builds in Release", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
        Assert.Empty(_checkout.Calls);
    }

    private void AddAssemblies(params string[] names)
    {
        foreach (string name in names)
        {
            Directory.CreateDirectory(Path.Combine(_checkout.Root, $"tests/{name}.Tests"));
        }
    }
}
