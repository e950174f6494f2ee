using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>A list of operations on a new address space: its text is a script.</summary>
internal sealed record Sequence(Shape Shape, IReadOnlyList<Operation> Operations)
{
    public override string ToString()
    {
        IEnumerable<string> memories = ModelObject.MakeAll().Select(static memory => memory.Declaration);
        return string.Join('\n', [$"{Shape}", .. memories, .. Operations.Select(static operation => $"{operation}")]);
    }

    /// <summary>The same with less: pieces left out, large ones first, then with fewer pages.</summary>
    public static IEnumerable<Sequence> Shrink(Sequence sequence)
    {
        int count = sequence.Operations.Count;
        for (int piece = count; piece > 0; piece /= 2)
        {
            for (int at = count - piece; at >= 0; at -= piece)
            {
                yield return sequence.With(at, piece, []);
            }
        }

        for (int at = 0; at < count; at++)
        {
            if (sequence.Operations[at] is Operation.PfnMap { Pfns.Length: > 1 } map)
            {
                int half = map.Pfns.Length / 2;
                yield return sequence.With(at, 1, [map with { Pfns = map.Pfns[..half] }]);
                yield return sequence.With(at, 1, [map with { Pfns = map.Pfns[half..], Address = map.Address + ((ulong)half << map.Shift) }]);
            }
        }
    }

    /// <summary>Makes all calls, on the space and the model.</summary>
    public void Replay<TFormat>()
        where TFormat : struct, IPageTableFormat
    {
        var twins = new Twins<TFormat>(Shape);
        foreach (Operation operation in Operations)
        {
            twins.Do(operation);
        }

        twins.End();
    }

    private Sequence With(int at, int count, IEnumerable<Operation> others) =>
        this with { Operations = [.. Operations.Take(at), .. others, .. Operations.Skip(at + count)] };
}
