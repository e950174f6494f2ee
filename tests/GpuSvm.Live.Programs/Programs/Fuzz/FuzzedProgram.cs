using System.Diagnostics;
using GpuSvm.Core;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs.Fuzz;

/// <summary>An engine or a guard that this process talks to, without the library between.</summary>
internal sealed class FuzzedProgram : IDisposable
{
    /// <summary>How long it may take for an answer, or to end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>How long it may be at work after its last answer.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    private readonly LocalSocket _socket;
    private readonly Task<string> _errors;

    /// <summary>Starts it.</summary>
    public FuzzedProgram(string role)
    {
        using LocalSocket listener = LocalSocket.Listen(out string address);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "GpuSvm.Engine.dll"), role, address])
        {
            RedirectStandardError = true,
        };
        Process = Process.Start(start)!;
        _errors = Process.StandardError.ReadToEndAsync();
        _socket = listener.Accept(Patience) ?? throw new CheckFailedException($"The {role} did not come.");
        Channel = new MessageChannel(_socket);
    }

    public Process Process { get; }

    public MessageChannel Channel { get; }

    /// <summary>Number of its open descriptors; 0 when it has ended.</summary>
    public int Descriptors
    {
        get
        {
            try
            {
                return Directory.GetFiles($"/proc/{Process.Id}/fd").Length;
            }
            catch (DirectoryNotFoundException)
            {
                return 0;
            }
        }
    }

    /// <summary>Demands that it has no more descriptors than some, once it has done what it was asked for.</summary>
    public void DemandDescriptors(int most)
    {
        SpinWait.SpinUntil(() => Descriptors <= most, Rest);
        int left = Descriptors;
        Check.That(left <= most, $"{left} descriptors are left in process {Process.Id}, expected {most} at most");
    }

    /// <summary>Sends bytes; false if nobody takes them any more.</summary>
    public bool TrySend(byte[] message, SafeFileHandle? descriptor)
    {
        try
        {
            _socket.Send(message, descriptor);
            return true;
        }
        catch (SvmException)
        {
            return false;
        }
    }

    /// <summary>Waits for a message.</summary>
    /// <returns>Null when the other side has ended.</returns>
    /// <exception cref="CheckFailedException">Neither comes.</exception>
    public ReceivedMessage? Receive(string after)
    {
        if (PollSet.Wait([_socket.Descriptor], Patience, stackalloc bool[1]) == 0)
        {
            throw new CheckFailedException($"process {Process.Id} neither answers nor ends after {after}");
        }

        return Channel.TryReceive(out ReceivedMessage? message) ? message : null;
    }

    /// <summary>Ends the connection and waits for the program's end.</summary>
    /// <returns>Its exit code, and the lines that it wrote.</returns>
    public (int Code, string[] Lines) End(string after)
    {
        _socket.Shutdown();
        if (!Process.WaitForExit(Patience))
        {
            throw new CheckFailedException($"process {Process.Id} does not end after {after}");
        }

        return (Process.ExitCode, _errors.WaitAsync(Patience).GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill();
        }

        Channel.Dispose();
        Process.Dispose();
    }
}
