namespace GpuSvm.Live;

/// <summary>What the kernel shows of one mapping of a buffer.</summary>
/// <param name="Range">Its addresses.</param>
/// <param name="Buffer">Number of the buffer.</param>
/// <param name="FirstPage">The buffer's page that stands behind its first.</param>
/// <param name="Rights">What the process may do there.</param>
internal readonly record struct BufferMapping(AddressRange Range, long Buffer, ulong FirstPage, Protection Rights)
{
    /// <summary>The buffer's page that stands behind an address of the mapping.</summary>
    public ulong PageAt(VirtualAddress address) => FirstPage + ((address - Range.Start) >> Page.Shift);

    /// <summary>The mapping without what lies behind the end of a buffer: an access there the kernel itself ends.</summary>
    public BufferMapping Within(ulong bufferPages)
    {
        ulong pages = Math.Min(Range.PageCount, bufferPages > FirstPage ? bufferPages - FirstPage : 0);
        return this with { Range = AddressRange.FromLength(Range.Start, pages * Page.Size) };
    }
}
