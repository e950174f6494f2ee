namespace GpuSvm;

/// <summary>The place of a method that threw before it waited at all.</summary>
internal sealed class FailedBox : LaneBox
{
    internal FailedBox(Exception error) => Complete(error);

    internal override void Step() => throw new InvalidOperationException("A method that has ended does not go on.");

    private protected override void Recycle()
    {
        // Never used again, so there is no pool to give it back to.
    }
}
