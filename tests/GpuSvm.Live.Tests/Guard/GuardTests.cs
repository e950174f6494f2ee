using System.Diagnostics;

namespace GpuSvm.Live.Tests.Guard;

/// <summary>The guard ends an app whose engine has ended, and nobody else.</summary>
/// <remarks>The engine is a process that sleeps. The guard writes to the app's error stream: when that ends, the guard has ended.</remarks>
public sealed class GuardTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);
    private readonly Process _engine = Process.Start("sleep", "1000");

    [Theory]
    [InlineData("stay")]
    [InlineData("hang-up")]
    [InlineData("stray")]
    public async Task When_the_engine_dies_the_app_is_killed_whatever_it_said_before(string manner)
    {
        using Process app = Start(manner);
        List<string> lines = await LinesUntil(app, "waits");
        Assert.Equal(["1 Done", "holds 1"], lines[..2]);
        if (manner == "stray")
        {
            Assert.Equal("2 A guard is told Close, but Query came.", lines[2]);
        }

        Assert.False(app.HasExited);
        _engine.Kill();
        (string output, string errors) = await End(app);
        Assert.Equal(128 + 9, app.ExitCode);
        Assert.Equal(string.Empty, output);
        Assert.Equal(
            $"gpusvm: the engine ended unexpectedly; the process {app.Id} was killed so that it reads no wrong byte\n", errors);
    }

    [Fact]
    public async Task After_a_close_the_guard_ends_and_the_app_lives()
    {
        using Process app = Start("close");
        (string output, string errors) = await End(app);
        Assert.Equal("1 Done\nholds 1\n2 Done\nexit 0\n", output);
        Assert.Equal(string.Empty, errors);
        Assert.Equal(0, app.ExitCode);
        Assert.False(_engine.HasExited);
    }

    [Fact]
    public async Task When_the_app_ends_without_a_word_the_guard_ends_quietly()
    {
        using Process app = Start("leave");
        (string output, string errors) = await End(app);
        Assert.Equal("1 Done\nholds 1\n", output);
        Assert.Equal(string.Empty, errors);
        Assert.Equal(0, app.ExitCode);
        Assert.False(_engine.HasExited);
    }

    [Fact]
    public async Task When_the_app_is_killed_the_guard_ends_quietly()
    {
        using Process app = Start("stay");
        await LinesUntil(app, "waits");
        app.Kill();
        Assert.Equal((string.Empty, string.Empty), await End(app));
        Assert.False(_engine.HasExited);
    }

    [Fact]
    public async Task An_app_cannot_have_another_process_guarded()
    {
        using Process app = Start("impostor");
        (string output, _) = await End(app);
        string[] lines = output.Split('\n');
        Assert.Equal($"1 The app to watch must be the process at the other end, {app.Id}, but {_engine.Id} was named. (EPROTO)", lines[0]);
        Assert.Equal("exit 2", lines[2]);
        Assert.False(_engine.HasExited);
    }

    [Fact]
    public async Task An_engine_that_is_not_there_is_told()
    {
        _engine.Kill();
        await _engine.WaitForExitAsync();
        using Process app = Start("stay");
        List<string> lines = await LinesUntil(app, "waits");
        Assert.Equal($"1 Process {_engine.Id} could not be opened. (ESRCH)", lines[0]);
        app.Kill();
    }

    [Fact]
    public async Task The_break_closes_what_the_guard_should_hold()
    {
        using Process app = Start("close", "guard-holds-nothing");
        (string output, _) = await End(app);
        Assert.Equal("1 Done\nholds 0\n2 Done\nexit 0\n", output);
    }

    public void Dispose()
    {
        _engine.Kill();
        _engine.Dispose();
    }

    private Process Start(string manner, string? breakName = null)
    {
        var start = new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "GpuSvm.Live.Programs.dll"), "guarded-app", manner, $"{_engine.Id}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["GPUSVM_BREAK"] = breakName;
        return Process.Start(start)!;
    }

    private static async Task<List<string>> LinesUntil(Process app, string last)
    {
        var lines = new List<string>();
        do
        {
            string? line = await app.StandardOutput.ReadLineAsync().WaitAsync(Watchdog);
            lines.Add(line ?? throw new EndOfStreamException(string.Join('\n', lines)));
        }
        while (lines[^1] != last);
        return lines;
    }

    private static async Task<(string Output, string Errors)> End(Process app)
    {
        Task<string> output = app.StandardOutput.ReadToEndAsync();
        Task<string> errors = app.StandardError.ReadToEndAsync();
        await Task.WhenAll(output, errors, app.WaitForExitAsync()).WaitAsync(Watchdog);
        return (await output, await errors);
    }
}
