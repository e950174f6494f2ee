namespace GpuSvm.Workloads.Tests;

/// <summary>A stream that gives a few bytes at a time, as pipes and slow disks do.</summary>
internal sealed class DribblingStream(byte[] content, int bytesPerRead) : MemoryStream(content)
{
    public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, bytesPerRead));

    public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, bytesPerRead)]);
}
