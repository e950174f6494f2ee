using System.Diagnostics;
using System.Runtime.InteropServices;

namespace GpuSvm.Live;

/// <summary>A program beside the app – engine or guard – with the socket that it has connected to.</summary>
internal sealed class ChildProgram : IDisposable
{
    /// <summary>How long a program may take to start: generous, for a busy machine.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    /// <summary>How long a program may take to end once it is told to.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>What the app sets for its own runtime and its own tools.</summary>
    private static readonly string[] NotInherited =
    [
        "DOTNET_gcServer", "DOTNET_GCHeapCount", "DOTNET_GCHeapHardLimit", "DOTNET_GCgen0size", "DOTNET_gcConcurrent", "DOTNET_GCStress",
        "DOTNET_TieredCompilation", "DOTNET_STARTUP_HOOKS", "DOTNET_ADDITIONAL_DEPS", "DOTNET_DiagnosticPorts", "CORECLR_ENABLE_PROFILING",
        "CORECLR_PROFILER", "CORECLR_PROFILER_PATH", "CORECLR_PROFILER_PATH_64", "CORECLR_PROFILER_PATH_ARM64",
    ];

    private readonly Process _process;
    private readonly LocalSocket _socket;

    private ChildProgram(Process process, LocalSocket socket)
    {
        _process = process;
        _socket = socket;
        Channel = new MessageChannel(socket);
    }

    /// <summary>Messages to and from the program.</summary>
    public MessageChannel Channel { get; }

    /// <summary>The program's process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>True if the program has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Waits for the end of a program that seems to have gone.</summary>
    /// <returns>False if it has not ended within a bound.</returns>
    public bool WaitForEnd() => _process.WaitForExit(EndLimit);

    /// <summary>Starts a program with the runtime that runs this process.</summary>
    /// <param name="enginePath">Path of GpuSvm.Engine.dll.</param>
    /// <param name="role"><c>engine</c> or <c>guard</c>.</param>
    /// <returns>The program; <see cref="Starting.Connect"/> waits for it.</returns>
    /// <exception cref="SvmException">It cannot be started.</exception>
    public static Starting Start(string enginePath, string role)
    {
        if (!File.Exists(enginePath))
        {
            throw new SvmException(
                Errno.ENOENT, $"The engine is not at {enginePath}, where SvmOptions.EnginePath or the app's folder says.");
        }

        LocalSocket listener = LocalSocket.Listen(out string address);
        try
        {
            var start = new ProcessStartInfo(HostPath()) { RedirectStandardInput = true };
            start.ArgumentList.Add(enginePath);
            start.ArgumentList.Add(role);
            start.ArgumentList.Add(address);
            Array.ForEach(NotInherited, name => start.Environment.Remove(name));
            Process process = Process.Start(start)
                ?? throw new SvmException(Errno.ENOENT, $"{start.FileName} did not start.");
            process.StandardInput.Close(); // a kernel that reads input must not take the app's
            return new Starting($"The {role}, {enginePath},", process, listener, address);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Waits until the program has ended by itself; kills it if that takes too long.</summary>
    public void End()
    {
        _socket.Shutdown();
        if (!WaitForEnd())
        {
            _process.Kill();
            _process.WaitForExit();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Channel.Dispose();
        _socket.Dispose();
        _process.Dispose();
    }

    /// <summary>The program <c>dotnet</c> that belongs to the runtime of this process; the one on the path where that has none.</summary>
    private static string HostPath()
    {
        string beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        return File.Exists(beside) ? beside : "dotnet";
    }

    /// <summary>A program that was started and has not connected yet.</summary>
    internal sealed class Starting(string name, Process process, LocalSocket listener, string address)
    {
        private bool _isAbandoned;

        /// <summary>Where the program is waited for.</summary>
        public string Address => address;

        /// <summary>Waits until the program has connected.</summary>
        /// <exception cref="SvmException">It ended before, or did not come in time.</exception>
        public ChildProgram Connect()
        {
            try
            {
                return new ChildProgram(process, Accept());
            }
            catch
            {
                Abandon();
                throw;
            }
            finally
            {
                listener.Dispose();
            }
        }

        /// <summary>Ends the program, which nobody waits for. A second call does nothing.</summary>
        public void Abandon()
        {
            if (_isAbandoned)
            {
                return;
            }

            _isAbandoned = true;
            listener.Dispose();
            process.Kill();
            process.Dispose();
        }

        private LocalSocket Accept()
        {
            Deadline deadline = Clock.Monotonic.After(StartLimit);
            while (!deadline.HasPassed)
            {
                LocalSocket? socket = listener.Accept(Look);
                if (socket is not null && socket.PeerProcessId == process.Id && socket.PeerUserId == Libc.EffectiveUser())
                {
                    return socket;
                }

                // Anybody may try to connect; only the program that was started is spoken to.
                socket?.Dispose();
                if (process.HasExited)
                {
                    throw new SvmException(Errno.ECANCELED, $"{name} ended with exit code {process.ExitCode} before it was ready.");
                }
            }

            throw new SvmException(Errno.ETIMEDOUT, $"{name} was not ready within {StartLimit.TotalSeconds} s.");
        }
    }
}
