// A list of plain pointers: the CPU builds it, the GPU walks it, doubles its values and turns it round, the CPU walks it from the other end.
using GpuSvm;

if (SvmSession.Missing is { } missing)
{
    Console.Error.WriteLine(missing);
    return 3;
}

const int Count = 10_000;
await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions());
using SvmBuffer<Node> nodes = svm.Allocate<Node>(Count);
using SvmBuffer<VirtualAddress> head = svm.Allocate<VirtualAddress>(1);

// From the last node to the first, each at a random place. A pointer is an address, and the same one on both sides.
int[] places = [.. Enumerable.Range(0, Count)];
new Random(1).Shuffle(places);
for (int value = Count; value >= 1; value--)
{
    int place = places[value - 1];
    nodes.Span[place] = new Node(value, head.Span[0]);
    head.Span[0] = nodes.Address + (Node.Bytes * (ulong)place);
}

LaunchResult r = await svm.LaunchAsync(Kernels.DoubleAndReverse, grid: 1, block: 1, new ListArgs(head.Address));
r.ThrowIfFailed();

// The pointers that are followed here were written by the GPU.
long first = 0, length = 0, last = 0;
for (VirtualAddress at = head.Span[0]; at != default; length++)
{
    Node node = svm.Span<Node>(at, 1)[0];
    first = length == 0 ? node.Value : first;
    (last, at) = (node.Value, node.Next);
}

Console.WriteLine($"{length} nodes, from {first} down to {last}");
return (length, first, last) == (Count, 2 * Count, 2) ? 0 : 1;

internal static class Kernels
{
    public static async GpuTask DoubleAndReverse(GpuThread t, ListArgs a)
    {
        VirtualAddress reversed = default;
        for (VirtualAddress at = await t.Load<VirtualAddress>(a.Head); at != default;)
        {
            VirtualAddress next = await t.Load<VirtualAddress>(at + Node.NextOffset);
            await t.Store(at, 2 * await t.Load<long>(at));
            await t.Store(at + Node.NextOffset, reversed);
            (reversed, at) = (at, next);
        }

        await t.Store(a.Head, reversed);
    }
}

internal readonly record struct ListArgs(VirtualAddress Head);

// 16 bytes: the value, then the address of the next node or 0.
internal readonly record struct Node(long Value, VirtualAddress Next)
{
    public const ulong Bytes = 16;
    public const ulong NextOffset = 8;
}
