namespace GpuSvm.Gpu;

/// <summary>The faults of one channel on one SM that the driver cancels, until the SM looks.</summary>
internal sealed class CancelMailbox
{
    private CancelRequest? _newest;

    /// <summary>Leaves a cancel. By one thread at a time, and beside <see cref="Take"/>.</summary>
    internal void Post(CancelRequest request)
    {
        request.Next = SharedWord.Read(ref _newest);
        if (SharedWord.CompareExchange(ref _newest, request, request.Next) != request.Next)
        {
            // The SM took what was there, and nobody else posts.
            request.Next = null;
            SharedWord.Write(ref _newest, request);
        }
    }

    /// <summary>Takes what was left: the first of a list in the order in which it came, or null.</summary>
    internal CancelRequest? Take()
    {
        if (SharedWord.Read(ref _newest) is null)
        {
            return null;
        }

        CancelRequest? first = null;
        CancelRequest? newest = SharedWord.Exchange(ref _newest, null);
        while (newest is { } request)
        {
            newest = request.Next;
            request.Next = first;
            first = request;
        }

        return first;
    }
}
