using GpuSvm.Mutate.Edits;

namespace GpuSvm.Mutate.Tests;

/// <summary>Which mutations a document takes out of the count, and for how long.</summary>
public sealed class EquivalentMutationsTests
{
    private const string Row = "| `Door/Enter/negate-1` | `IsOpen \\|\\| isWide` | a door that is wide is open |";

    [Fact]
    public void A_row_holds_as_long_as_its_code_stands_there()
    {
        EquivalentMutations equivalent = EquivalentMutations.Read(["# Mutations", "| `negate` | a condition |", Row]);
        Assert.True(equivalent.Contains(Of(1, "IsOpen || isWide")));
        Assert.False(equivalent.Contains(Of(1, "IsOpen || isHigh")));
        Assert.False(equivalent.Contains(Of(2, "IsOpen || isWide")));
        Assert.Empty(equivalent.Stale([Of(2, "x"), Of(1, "IsOpen || isWide")]));
        Assert.Equal(["Door/Enter/negate-1"], equivalent.Stale([Of(1, "IsOpen")]));
    }

    [Theory]
    [InlineData("| `Door/Enter/negate-1` | `IsOpen` | |")]
    [InlineData("| `Door/Enter/negate-1` | `IsOpen` |")]
    public void A_row_without_a_reason_is_refused(string row) =>
        Assert.Contains("reason", Assert.Throws<FormatException>(() => EquivalentMutations.Read([row])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_mutation_is_listed_once() =>
        Assert.Contains("twice", Assert.Throws<FormatException>(() => EquivalentMutations.Read([Row, Row])).Message, StringComparison.Ordinal);

    private static Mutation Of(int ordinal, string code) => new("src/Door.cs", "Enter", MutationKind.Negate, ordinal, 9, code, []);
}
