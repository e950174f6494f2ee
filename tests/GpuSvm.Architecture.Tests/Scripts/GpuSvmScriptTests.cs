using System.Diagnostics;
using GpuSvm.Architecture.Tests.Infrastructure;

namespace GpuSvm.Architecture.Tests.Scripts;

/// <summary><c>./gpusvm</c>: builds when it must and only then, and hands through what the tool says.</summary>
public sealed class GpuSvmScriptTests : IDisposable
{
    private const string Dotnet = """
        case $1 in
        --version) echo 10.0.100 ;;
        msbuild) mkdir -p src/GpuSvm.Cli/bin/Release/net10.0 && echo dll >src/GpuSvm.Cli/bin/Release/net10.0/GpuSvm.Cli.dll ;;
        *) echo "tool: ${*:2}"; exit 5 ;;
        esac
        """;

    private readonly ScriptCheckout _checkout = new();

    public GpuSvmScriptTests() => _checkout.InstallDotnet($"cd '{_checkout.Root}'\n{Dotnet}");

    public void Dispose() => _checkout.Dispose();

    [Fact]
    public void The_first_use_builds_the_tool_and_says_so()
    {
        ScriptResult result = _checkout.Run("gpusvm", "run", "two words");
        Assert.Equal("gpusvm: building (first use or sources changed)…\n", result.Errors);
        Assert.Equal("tool: run two words\n", result.Output);
        string build = Assert.Single(_checkout.Calls, call => call.StartsWith("msbuild ", StringComparison.Ordinal));
        Assert.Contains("src/GpuSvm.Cli/GpuSvm.Cli.csproj -restore -property:Configuration=Release", build, StringComparison.Ordinal);
    }

    [Fact]
    public void The_exit_code_is_the_tools() => Assert.Equal(5, _checkout.Run("gpusvm").ExitCode);

    [Fact]
    public void Nothing_is_built_and_nothing_is_said_when_nothing_changed()
    {
        _checkout.Run("gpusvm");
        ScriptResult result = _checkout.Run("gpusvm", "again");
        Assert.Equal(("tool: again\n", "", 1), (result.Output, result.Errors, _checkout.Builds));
    }

    [Theory]
    [InlineData("touch -d '+1 second' src/GpuSvm.Core/A.cs")]
    [InlineData("touch -d '2001-01-01' src/GpuSvm.Core/A.cs")]
    [InlineData("touch src/GpuSvm.Core/New.cs")]
    [InlineData("mkdir src/GpuSvm.Core/Empty")]
    [InlineData("rm src/GpuSvm.Core/A.cs")]
    [InlineData("cat src/GpuSvm.Core/A.cs >src/GpuSvm.Core/C.cs; rm src/GpuSvm.Core/A.cs")]
    [InlineData("echo >>Directory.Build.props")]
    [InlineData("echo >>global.json")]
    [InlineData("touch Directory.Build.targets")]
    [InlineData("rm -r src/GpuSvm.Cli/bin")]
    [InlineData("echo other >src/GpuSvm.Cli/bin/Release/net10.0/GpuSvm.Cli.dll")]
    public void A_change_is_built_once(string change)
    {
        _checkout.Run("gpusvm");
        _checkout.Write("change", $"cd '{_checkout.Root}'\n{change}\n");
        Assert.Equal(0, _checkout.Run("change").ExitCode);
        _checkout.Run("gpusvm");
        _checkout.Run("gpusvm");
        Assert.Equal(2, _checkout.Builds);
    }

    [Fact]
    public void What_the_build_writes_beside_the_sources_is_no_change()
    {
        _checkout.Run("gpusvm");
        _checkout.Write("src/GpuSvm.Core/obj/project.assets.json", "{}");
        _checkout.Write("src/GpuSvm.Core/bin/Release/A.dll", "dll");
        _checkout.Run("gpusvm");
        Assert.Equal(1, _checkout.Builds);
    }

    [Fact]
    public void A_change_during_the_build_is_built_next_time()
    {
        _checkout.InstallDotnet($"cd '{_checkout.Root}'\n[[ $1 != msbuild ]] || echo 'class A2;' >src/GpuSvm.Core/A2.cs\n{Dotnet}");
        _checkout.Run("gpusvm");
        _checkout.Run("gpusvm");
        Assert.Equal(2, _checkout.Builds);
    }

    [Fact]
    public void Two_at_once_build_once()
    {
        _checkout.InstallDotnet($"cd '{_checkout.Root}'\n[[ $1 != msbuild ]] || sleep 1\n{Dotnet}");
        Process[] both = [_checkout.Start("gpusvm", "one"), _checkout.Start("gpusvm", "two")];
        ScriptResult[] results = [.. both.Select(ScriptCheckout.Finish)];
        Assert.Equal(["tool: one\n", "tool: two\n"], results.Select(result => result.Output));
        Assert.Equal(1, _checkout.Builds);
    }

    [Fact]
    public void A_failed_build_shows_its_errors_runs_nothing_and_is_tried_again()
    {
        _checkout.InstallDotnet("""[[ $1 == --version ]] || { echo "A.cs(1,1): error"; exit 1; }""");
        ScriptResult result = _checkout.Run("gpusvm");
        Assert.Equal((126, ""), (result.ExitCode, result.Output));
        Assert.EndsWith("A.cs(1,1): error\n", result.Errors, StringComparison.Ordinal);
        _checkout.Run("gpusvm");
        Assert.Equal(2, _checkout.Builds);
    }

    [Fact]
    public void A_checkout_that_cannot_be_written_runs_what_was_built()
    {
        _checkout.Run("gpusvm");
        File.Delete(Path.Combine(_checkout.Root, "artifacts/build.lock"));
        Directory.CreateDirectory(Path.Combine(_checkout.Root, "artifacts/build.lock"));
        Assert.Equal("tool: go\n", _checkout.Run("gpusvm", "go").Output);
    }

    [Fact]
    public void It_runs_through_a_link_from_another_folder()
    {
        Directory.CreateDirectory(Path.Combine(_checkout.Root, "elsewhere"));
        File.CreateSymbolicLink(Path.Combine(_checkout.Root, "elsewhere/gpusvm"), "../gpusvm");
        Assert.Equal("tool: hello\n", _checkout.Run("elsewhere/gpusvm", "hello").Output);
    }

    [Theory]
    [InlineData("gpusvm")]
    [InlineData("test")]
    public void Without_an_sdk_it_says_which_one_and_where_from(string script)
    {
        File.Delete(Path.Combine(_checkout.Root, "fake-tools/dotnet"));
        Directory.CreateDirectory(Path.Combine(_checkout.Root, "tests/X.Tests"));
        AssertAsksForSdk(_checkout.Run(script));
    }

    [Fact]
    public void An_sdk_that_is_too_old_is_none()
    {
        _checkout.InstallDotnet("exit 145");
        AssertAsksForSdk(_checkout.Run("gpusvm"));
    }

    private static void AssertAsksForSdk(ScriptResult result)
    {
        Assert.Equal((127, ""), (result.ExitCode, result.Output));
        Assert.Equal(
            "gpusvm: needs the .NET SDK 10.0.100 or a later 10.0 feature band, and finds none on PATH."
            + " SDKs come from https://dotnet.microsoft.com/download\n",
            result.Errors);
    }
}
