using System.CommandLine;
using System.CommandLine.Parsing;

namespace GpuSvm.Cli.Options;

/// <summary>Makes options whose value is a number of bytes, with a range and an error line that names both.</summary>
internal static class SizeOption
{
    /// <summary>Makes an option with a value for when it is not given; <see cref="ByteSize.TryParse"/> reads sizes.</summary>
    /// <param name="name">The option, dashes included.</param>
    /// <param name="description">What it sets, for the help text.</param>
    /// <param name="standard">Its value when it is not given.</param>
    /// <param name="least">The smallest value.</param>
    /// <param name="most">The largest value.</param>
    public static Option<ByteSize> Create(string name, string description, ByteSize standard, ByteSize least, ByteSize most) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        DefaultValueFactory = _ => standard,
        CustomParser = argument => Parse(argument, name, least, most),
    };

    private static ByteSize Parse(ArgumentResult argument, string name, ByteSize least, ByteSize most)
    {
        string text = argument.Tokens[0].Value;
        if (!ByteSize.TryParse(text, out ByteSize size) || size.Bytes < least.Bytes || size.Bytes > most.Bytes)
        {
            argument.AddError($"{name} {text}: expected a size from {least} to {most}, such as 64M");
        }

        return size;
    }
}
