using System.Diagnostics;
using GpuSvm.Live.Tests.Infrastructure;

namespace GpuSvm.Live.Tests.Sessions;

/// <summary>Processes that talk to an app or an engine without being its own.</summary>
public sealed class StrangerTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(30);

    private static string EnginePath => Path.Combine(AppContext.BaseDirectory, "GpuSvm.Engine.dll");

    [Fact]
    public void An_app_speaks_only_to_the_program_that_it_started()
    {
        ChildProgram.Starting starting = ChildProgram.Start(EnginePath, "engine");
        using LocalSocket stranger = LocalSocket.Connect(starting.Address);
        using ChildProgram engine = starting.Connect();
        DemandEnd(stranger);

        // Not at once: a process that another test starts has the listener, too, until it has become its program.
        Assert.True(SpinWait.SpinUntil(() => IsRefused(starting.Address), Watchdog), "A stranger is refused.");
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
        using LocalSocket socket = listener.Accept(Watchdog)!;
        socket.Send("GET / HTTP/1.1\r\n\r\n"u8, null);
        DemandEnd(socket);
        string line = await OneLineAsync(program);
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
        using LocalSocket socket = listener.Accept(Watchdog)!;
        Assert.Equal(65534U, socket.PeerUserId);
        DemandEnd(socket);
        string line = await OneLineAsync(program);
        Assert.Contains("at the other end is of user 0, and this one of user 65534", line, StringComparison.Ordinal);
        Assert.Equal(exitCode, program.ExitCode);
    }

    [Fact]
    public void An_engine_of_another_build_refuses_and_names_both()
    {
        using ChildProgram engine = ChildProgram.Start(EnginePath, "engine").Connect();
        EngineSettings settings = new SvmOptions().ToSettings() with { Library = "0.0.0+another" };
        engine.Channel.Send(MessageKind.Hello, 1, new HelloRequest { Settings = settings });
        AwaitReadable(engine.Channel.Socket);
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

    private static void AwaitReadable(LocalSocket socket) => Assert.Equal(1, PollSet.Wait([socket.Descriptor], Watchdog, new bool[1]));

    private static void DemandEnd(LocalSocket socket)
    {
        AwaitReadable(socket);
        Assert.Equal(0, socket.Receive(new byte[16], out _));
    }

    private static bool IsRefused(string address)
    {
        try
        {
            LocalSocket.Connect(address).Dispose();
            return false;
        }
        catch (SvmException)
        {
            return true;
        }
    }

    /// <summary>What a program that ends has written as errors.</summary>
    private static async Task<string> OneLineAsync(Process program)
    {
        string errors = await program.StandardError.ReadToEndAsync().WaitAsync(Watchdog);
        await program.WaitForExitAsync().WaitAsync(Watchdog);
        return Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
