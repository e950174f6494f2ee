using GpuSvm.Architecture.Tests.Infrastructure;

namespace GpuSvm.Architecture.Tests.Scripts;

/// <summary><c>.ci/run</c>: every stage counts, and its last line is what CI reads.</summary>
public sealed class CiScriptTests : IDisposable
{
    private readonly ScriptCheckout _checkout = new();

    public CiScriptTests()
    {
        _checkout.Write("README.md", "three short words\nin two lines\n");
        _checkout.Write("tests/Good.Tests/x", "");
    }

    public void Dispose() => _checkout.Dispose();

    [Theory]
    [InlineData("8 passed, 0 failed", 0, "nothing")]
    [InlineData("7 passed, 1 failed", 1, "format")]
    [InlineData("6 passed, 2 failed", 1, "tool")]
    [InlineData("7 passed, 1 failed", 1, "answer")]
    [InlineData("7 passed, 1 failed", 1, "million")]
    [InlineData("8 passed, 1 failed", 1, "test")]
    [InlineData("0 passed, 1 failed", 1, "restore")]
    [InlineData("2 passed, 1 failed", 1, "msbuild")]
    public void The_last_line_counts_the_tests_and_the_stages(string lastLine, int exitCode, string broken)
    {
        InstallDotnet(broken);
        ScriptResult result = _checkout.Run(".ci/run");
        Assert.Equal((lastLine, exitCode), (result.LastLine, result.ExitCode));
    }

    [Fact]
    public void The_time_of_each_stage_is_shown()
    {
        InstallDotnet("nothing");
        string[] lines = _checkout.Run(".ci/run").Output.Split('\n');
        Assert.Equal(["restore", "format", "build", "test", "races", "main-job", "total"], lines[^9..^2].Select(line => line.Split(' ')[0]));
    }

    /// <summary>A dotnet with which all is well, but for one thing.</summary>
    private void InstallDotnet(string broken) => _checkout.InstallDotnet($$$"""
        cd '{{{_checkout.Root}}}'
        broken={{{broken}}} tool=src/GpuSvm.Cli/bin/Release/net10.0
        [[ $1 != "$broken" ]] || { [[ $1 == test ]] || exit 1; }
        case $1 in
        --version) echo 10.0.100 ;;
        restore | format) ;;
        msbuild) mkdir -p "$tool"; echo dll >"$tool/GpuSvm.Cli.dll" ;;
        test)
            [[ $broken == test ]] && bad=1 || bad=0
            echo "<Counters total=\"$((3 + bad))\" executed=\"$((3 + bad))\" passed=\"3\" failed=\"$bad\" />" >artifacts/test/Good.Tests.trx
            exit $bad ;;
        *)
            [[ $broken != tool ]] || exit 1
            [[ $broken == answer ]] && words=5 || words=6
            [[ $broken == million ]] && distinct=249999 || distinct=250000
            [[ $2 != explore ]] || printf '      "distinct": %d,\n' $distinct
            echo "{\"result\": {\"lines\": 2, \"words\": $words}}" ;;
        esac
        """);
}
