namespace GpuSvm.Workloads;

/// <summary>What a walk along a list has seen: how many values, their sum, and a number that also depends on their order.</summary>
/// <param name="Nodes">Number of values.</param>
/// <param name="Sum">Their sum, modulo 2^64.</param>
/// <param name="Order">A polynomial in <see cref="Base"/> with the values as coefficients, the last one constant, modulo 2^64.</param>
public readonly record struct ListDigest(long Nodes, ulong Sum, ulong Order)
{
    private const ulong Base = 0x5851f42d4c957f2d;

    /// <summary>The digest of this list with one more value at its end.</summary>
    public ListDigest Add(ulong value) => unchecked(new(Nodes + 1, Sum + value, (Order * Base) + value));

    /// <summary>The digest of this list with another one behind it.</summary>
    public ListDigest Then(ListDigest tail)
    {
        unchecked
        {
            ulong shift = 1;
            ulong power = Base;
            for (long left = tail.Nodes; left > 0; left >>= 1, power *= power)
            {
                shift *= (left & 1) != 0 ? power : 1;
            }

            return new(Nodes + tail.Nodes, Sum + tail.Sum, (Order * shift) + tail.Order);
        }
    }
}
