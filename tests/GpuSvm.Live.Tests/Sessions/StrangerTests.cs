using System.Diagnostics;
using GpuSvm.Live.Tests.Infrastructure;

namespace GpuSvm.Live.Tests.Sessions;

/// <summary>Processes that talk to an app or an engine without being its own.</summary>
public sealed class StrangerTests
{
    private static string EnginePath => Path.Combine(AppContext.BaseDirectory, "GpuSvm.Engine.dll");

    [Fact]
    public void An_app_speaks_only_to_the_program_that_it_started()
    {
        string[] before = Addresses();
        ChildProgram.Starting starting = ChildProgram.Start(EnginePath, "engine");
        string address = Assert.Single(Addresses().Except(before));
        using LocalSocket stranger = LocalSocket.Connect(address);
        using ChildProgram engine = starting.Connect();
        Assert.Equal(0, stranger.Receive(new byte[16], out _));
        Assert.Throws<SvmException>(() => LocalSocket.Connect(address));
        engine.End();
    }

    [Theory]
    [InlineData("engine", 1)]
    [InlineData("guard", 2)]
    public async Task A_first_message_that_is_none_ends_a_program_with_one_line(string role, int exitCode)
    {
        using LocalSocket listener = LocalSocket.Listen(out string address);
        var start = new ProcessStartInfo("dotnet", [EnginePath, role, address]) { RedirectStandardError = true };
        using Process program = Process.Start(start)!;
        Task<string> errors = program.StandardError.ReadToEndAsync();
        using LocalSocket socket = listener.Accept(TimeSpan.FromSeconds(30))!;
        socket.Send("GET / HTTP/1.1\r\n\r\n"u8, null);
        Assert.Equal(0, socket.Receive(new byte[16], out _));
        await program.WaitForExitAsync();
        string line = Assert.Single((await errors).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("gpusvm: ", line, StringComparison.Ordinal);
        Assert.Equal(exitCode, program.ExitCode);
    }

    [RootTheory]
    [InlineData("engine", 1)]
    [InlineData("guard", 2)]
    public async Task A_program_of_another_user_speaks_to_nobody_and_says_so_in_one_line(string role, int exitCode)
    {
        using LocalSocket listener = LocalSocket.Listen(out string address);
        string[] otherUser = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        var start = new ProcessStartInfo("/usr/bin/setpriv", [.. otherUser, "dotnet", EnginePath, role, address])
        {
            RedirectStandardError = true,
        };
        using Process program = Process.Start(start)!;
        Task<string> errors = program.StandardError.ReadToEndAsync();
        using LocalSocket socket = listener.Accept(TimeSpan.FromSeconds(30))!;
        Assert.Equal(65534U, socket.PeerUserId);
        Assert.Equal(0, socket.Receive(new byte[16], out _));
        await program.WaitForExitAsync();
        string line = Assert.Single((await errors).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("at the other end is of user 0, and this one of user 65534", line, StringComparison.Ordinal);
        Assert.Equal(exitCode, program.ExitCode);
    }

    [Fact]
    public void An_engine_of_another_build_refuses_and_names_both()
    {
        using ChildProgram engine = ChildProgram.Start(EnginePath, "engine").Connect();
        EngineSettings settings = new SvmOptions().ToSettings() with { Library = "0.0.0+another" };
        engine.Channel.Send(MessageKind.Hello, 1, new HelloRequest { Settings = settings });
        Assert.True(engine.Channel.TryReceive(out ReceivedMessage? reply));
        Assert.Equal(MessageKind.Error, reply.Kind);
        ErrorReply error = reply.Body<ErrorReply>();
        Assert.Equal(Errno.EPROTO, error.Error);
        Assert.StartsWith(
            $"The app uses GpuSvm 0.0.0+another, but the engine is of GpuSvm {LiveSupport.Version}: both must be of one build.",
            error.Message,
            StringComparison.Ordinal);
        Assert.True(engine.WaitForEnd());
    }

    /// <summary>Where sessions listen at this moment.</summary>
    private static string[] Addresses() =>
    [
        .. from line in File.ReadAllLines("/proc/net/unix")
           let at = line.IndexOf("@gpusvm-", StringComparison.Ordinal)
           where at >= 0
           select line[(at + 1)..] into name
           group name by name into names
           select names.Key,
    ];
}
