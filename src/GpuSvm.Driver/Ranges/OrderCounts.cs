using System.Runtime.CompilerServices;

namespace GpuSvm.Driver;

/// <summary>A count for each order of pages, from 4 KiB to 2 MiB.</summary>
[InlineArray(HugePage.Order + 1)]
internal struct OrderCounts
{
    private long _first;
}
