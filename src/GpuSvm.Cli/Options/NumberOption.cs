using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace GpuSvm.Cli.Options;

/// <summary>Makes options whose value is a whole number, with a range and an error line that names both.</summary>
internal static class NumberOption
{
    /// <summary>Makes an option with a value for when it is not given.</summary>
    /// <param name="name">The option, dashes included.</param>
    /// <param name="description">What it sets, for the help text.</param>
    /// <param name="standard">Its value when it is not given.</param>
    /// <param name="least">The smallest value.</param>
    /// <param name="most">The largest value.</param>
    public static Option<T> Create<T>(string name, string description, T standard, T least, T most)
        where T : struct, IBinaryInteger<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => standard,
            CustomParser = argument => Parse(argument, name, least, most) ?? default,
        };

    /// <summary>Makes an option whose value is null when it is not given.</summary>
    /// <param name="name">The option, dashes included.</param>
    /// <param name="description">What it sets, for the help text.</param>
    /// <param name="least">The smallest value.</param>
    /// <param name="most">The largest value.</param>
    public static Option<T?> CreateOptional<T>(string name, string description, T least, T most)
        where T : struct, IBinaryInteger<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            CustomParser = argument => Parse(argument, name, least, most),
        };

    private static T? Parse<T>(ArgumentResult argument, string name, T least, T most)
        where T : struct, IBinaryInteger<T>
    {
        string text = argument.Tokens[0].Value;
        if (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T value) && value >= least && value <= most)
        {
            return value;
        }

        argument.AddError($"{name} {text}: expected a whole number from {least} to {most}");
        return null;
    }
}
