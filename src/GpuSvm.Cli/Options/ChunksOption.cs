using System.CommandLine;
using System.CommandLine.Parsing;
using System.Numerics;
using GpuSvm.Core;

namespace GpuSvm.Cli.Options;

/// <summary>Makes the option that sets the sizes of ranges.</summary>
internal static class ChunksOption
{
    private const ulong Largest = 2 << 20;

    /// <summary>Makes the option; its value is empty when it is not given.</summary>
    /// <param name="name">The option, dashes included.</param>
    /// <param name="description">What it sets, for the help text.</param>
    public static Option<ByteSize[]> Create(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SIZE,SIZE,…",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = argument => Parse(argument, name),
    };

    private static ByteSize[] Parse(ArgumentResult argument, string name)
    {
        string text = argument.Tokens[0].Value;
        List<ByteSize> sizes = [];
        ByteSize least = 2 * Largest;
        foreach (string part in text.Split(','))
        {
            if (!ByteSize.TryParse(part, out ByteSize size) || !BitOperations.IsPow2(size.Bytes) || size.Bytes >= least.Bytes)
            {
                break;
            }

            sizes.Add(size);
            least = size;
        }

        if (sizes.Count == text.Count(letter => letter == ',') + 1 && least.Bytes == Page.Size)
        {
            return [.. sizes];
        }

        argument.AddError($"{name} {text}: expected powers of two from 2M down, each smaller than the one before, the last 4K, such as 2M,64K,4K");
        return [];
    }
}
