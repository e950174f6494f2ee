namespace GpuSvm.Driver;

/// <summary>Which parts of a large batch are taken: each worker begins with its own, so that it prepares what it has fetched.</summary>
/// <param name="parts">Number of parts.</param>
/// <param name="workers">Number of workers.</param>
internal sealed class PartClaims(int parts, int workers)
{
    private readonly bool[] _taken = new bool[parts];

    /// <summary>Starts a pass over the parts. No worker claims meanwhile.</summary>
    public void Start() => Array.Clear(_taken);

    /// <summary>Takes a part that nobody has taken: from the worker's own first one on.</summary>
    public bool TryClaim(int worker, out int part)
    {
        part = worker * parts / workers;
        for (int i = 0; i < parts; i++)
        {
            if (!SharedWord.Exchange(ref _taken[part], true))
            {
                return true;
            }

            part = part + 1 == parts ? 0 : part + 1;
        }

        return false;
    }
}
