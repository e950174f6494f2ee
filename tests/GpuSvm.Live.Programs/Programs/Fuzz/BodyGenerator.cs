using System.Collections;
using System.Reflection;
using System.Text.Json.Nodes;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Fuzz;

/// <summary>Bodies of messages that the receiver can read, with values that it cannot use: numbers at the edges of their types.</summary>
internal sealed class BodyGenerator(Random random)
{
    private static readonly ulong[] Edges =
    [
        0, 1, 3, 4095, 4096, 4097, 8192, 1 << 20, (1UL << 31) - 1, 1UL << 31, (1UL << 32) - 1, 1UL << 32, 1UL << 47, (1UL << 47) - 4096, 1UL << 48,
        1UL << 52, (1UL << 63) - 1, 1UL << 63, ulong.MaxValue - 4095, ulong.MaxValue - 1, ulong.MaxValue,
    ];

    private static readonly string[] Texts = ["", "a", "/", "/dev/null", "/etc/passwd", "\u0000", "\ud83d\ude00", "../..", new('x', 4000)];

    private readonly List<ulong> _known = [];

    /// <summary>Makes a number likely that means something to the receiver: an address, a buffer's number.</summary>
    public void Know(ulong number) => _known.Add(number);

    /// <summary>The JSON of a body.</summary>
    public JsonNode? Of(Type type) => type switch
    {
        _ when Nullable.GetUnderlyingType(type) is { } inner => random.Next(3) == 0 ? null : Of(inner),
        _ when type == typeof(KernelReference) && random.Next(2) == 0 => Real(),
        _ when type == typeof(bool) => random.Next(2) == 0,
        _ when type.IsEnum => random.Next(4) == 0 ? random.Next(256) : random.Next(4),
        _ when type == typeof(ulong) => Number(),
        _ when type == typeof(long) => unchecked((long)Number()),
        _ when type == typeof(uint) => unchecked((uint)Number()),
        _ when type == typeof(int) => unchecked((int)Number()),
        _ when type == typeof(double) => random.NextDouble() * double.MaxValue,
        _ when type == typeof(string) => Texts[random.Next(Texts.Length)],
        _ when type == typeof(Guid) => Guid.Empty.ToString(),
        _ when type == typeof(byte[]) => Convert.ToBase64String(Bytes()),
        _ when typeof(IEnumerable).IsAssignableFrom(type) => new JsonArray(),
        _ => Record(type),
    };

    private ulong Number() =>
        _known.Count > 0 && random.Next(2) == 0 ? unchecked(_known[random.Next(_known.Count)] + ((ulong)random.Next(3) * Page.Size))
        : random.Next(8) == 0 ? unchecked((ulong)random.NextInt64(long.MinValue, long.MaxValue))
        : Edges[random.Next(Edges.Length)];

    private byte[] Bytes()
    {
        byte[] bytes = new byte[random.Next(2) == 0 ? System.Runtime.CompilerServices.Unsafe.SizeOf<PageArgs>() : random.Next(200)];
        random.NextBytes(bytes);
        return bytes;
    }

    private JsonObject Record(Type type)
    {
        var body = new JsonObject();
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.CanWrite)
            {
                body[property.Name] = Of(property.PropertyType);
            }
        }

        return body;
    }

    private static JsonNode Real() => System.Text.Json.JsonSerializer.SerializeToNode(KernelReference.Of<PageArgs>(PageKernels.Store))!;
}
