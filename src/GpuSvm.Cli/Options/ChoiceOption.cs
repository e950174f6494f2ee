using System.CommandLine;
using System.CommandLine.Parsing;

namespace GpuSvm.Cli.Options;

/// <summary>Makes options whose value is one of a few words, with an error line that names them.</summary>
internal static class ChoiceOption
{
    /// <summary>Makes an option whose value is null when it is not given.</summary>
    /// <typeparam name="T">What the words stand for.</typeparam>
    /// <param name="name">The option, dashes included.</param>
    /// <param name="description">What it sets, for the help text.</param>
    /// <param name="choices">The words and what they stand for: two at least.</param>
    public static Option<T?> Create<T>(string name, string description, params (string Word, T Value)[] choices)
        where T : struct, Enum => new(name)
        {
            Description = description,
            HelpName = string.Join('|', choices.Select(choice => choice.Word)),
            CustomParser = argument => Parse(argument, name, choices),
        };

    private static T? Parse<T>(ArgumentResult argument, string name, (string Word, T Value)[] choices)
        where T : struct, Enum
    {
        string text = argument.Tokens[0].Value;
        foreach ((string word, T value) in choices)
        {
            if (word == text)
            {
                return value;
            }
        }

        string words = string.Join(", ", choices[..^1].Select(choice => choice.Word));
        argument.AddError($"{name} {text}: expected {words} or {choices[^1].Word}");
        return null;
    }
}
