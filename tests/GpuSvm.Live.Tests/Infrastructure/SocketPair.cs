namespace GpuSvm.Live.Tests;

/// <summary>Two connected sockets of this process.</summary>
internal sealed class SocketPair : IDisposable
{
    public SocketPair()
    {
        using LocalSocket listener = LocalSocket.Listen(out string address);
        Left = LocalSocket.Connect(address);
        Right = listener.Accept(TimeSpan.FromSeconds(30))!;
    }

    public LocalSocket Left { get; }

    public LocalSocket Right { get; }

    public void Dispose()
    {
        Left.Dispose();
        Right.Dispose();
    }
}
