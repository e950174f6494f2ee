using System.Runtime.InteropServices;

namespace GpuSvm.Live;

/// <summary>Signals that whole groups of processes get: from a terminal, a service manager, or a program such as timeout(1).</summary>
/// <remarks>They are meant for the app, which may outlive them; it needs its engine and its guard until it ends.</remarks>
internal sealed class GroupSignals : IDisposable
{
    private readonly PosixSignalRegistration[] _ignored;

    private GroupSignals(PosixSignalRegistration[] ignored) => _ignored = ignored;

    /// <summary>Ignores them in this process until the result is disposed of.</summary>
    public static GroupSignals Ignore() => new(
    [
        .. from signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGHUP, PosixSignal.SIGTERM]
           select PosixSignalRegistration.Create(signal, context => context.Cancel = true),
    ]);

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_ignored, registration => registration.Dispose());
}
