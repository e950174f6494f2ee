using GpuSvm.Mutate.Edits;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace GpuSvm.Mutate.Tests;

/// <summary>Which edits are made, what they are called, and that each changes one place.</summary>
public sealed class MutationFinderTests
{
    private const string Snippet = """
        class Door
        {
            bool IsOpen => _width > 0;

            void Enter(int count)
            {
                Open(
                    count);
                if (IsOpen && count != 1)
                {
                    Walk();
                    return;
                }

                Close();
            }

            void Close() => _width.Clear();
        }
        """;

    [Fact]
    public void Conditions_calls_and_neighbours_are_found_in_order_under_stable_names() => Assert.Equal(
        [
            "Door/IsOpen/negate-1 3: _width > 0",
            "Door/Enter/drop-1 7: Open( count);",
            "Door/Enter/swap-1 7: Open( count); ↔ if (IsOpen && count != 1) { Walk(); return; }",
            "Door/Enter/swap-2 9: if (IsOpen && count != 1) { Walk(); return; } ↔ Close();",
            "Door/Enter/negate-1 9: IsOpen && count != 1",
            "Door/Enter/negate-2 9: IsOpen",
            "Door/Enter/negate-3 9: count != 1",
            "Door/Enter/drop-2 11: Walk();",
            "Door/Enter/drop-3 15: Close();",
            "Door/Close/drop-1 18: => _width.Clear();",
        ],
        Find(Snippet).Select(mutation => $"{mutation.Name} {mutation.Line}: {mutation.Code}"));

    [Theory]
    [InlineData("Door/IsOpen/negate-1", "!(_width > 0);")]
    [InlineData("Door/Enter/negate-2", "if (!(IsOpen) && count != 1)")]
    [InlineData("Door/Enter/drop-2", "{\n            ;\n            return;")]
    [InlineData("Door/Enter/drop-1", "{\n        ;\n\n        if")]
    [InlineData("Door/Close/drop-1", "void Close() { }")]
    public void A_mutation_is_one_edit(string name, string expected) =>
        Assert.Contains(expected, Apply(Snippet, name), StringComparison.Ordinal);

    [Fact]
    public void Swapped_statements_leave_all_else_where_it_was() => Assert.Equal(
        "class A { void M() { B(1); /* why */ A(); } }", Apply("class A { void M() { A(); /* why */ B(1); } }", "Door/M/swap-1"));

    [Fact]
    public void Every_mutation_keeps_the_lines_of_what_it_does_not_touch()
    {
        foreach (Mutation mutation in Find(Snippet))
        {
            Assert.Equal(Snippet.Count(c => c == '\n'), Apply(Snippet, mutation.Name).Count(c => c == '\n'));
        }
    }

    [Theory]
    [InlineData("Checks.That(a > b, \"It is.\"); F();", "drop-1")]
    [InlineData("SchedulePoint.Reach(kind); F();", "drop-1")]
    [InlineData("_lock.AssertHeld(); F();", "drop-1 drop-2")]
    [InlineData("ArgumentNullException.ThrowIfNull(a); F();", "drop-1")]
    [InlineData("Counters.Calls++; F();", "drop-1")]
    [InlineData("long current; F();", "drop-1")]
    [InlineData("F(); return;", "drop-1")]
    [InlineData("G(Breaks.Late && a > b);", "drop-1 negate-1")]
    [InlineData("int c = Breaks.Late ? d + (a > b) : e; F();", "swap-1 negate-1 drop-1")]
    public void What_means_nothing_is_left_alone(string body, string expected) => Assert.Equal(
        expected.Split(' '), Find($"class A {{ void M() {{ {body} }} }}").Select(mutation => mutation.Name["Door/M/".Length..]));

    [Fact]
    public void Fields_of_a_new_object_have_no_order_and_what_a_break_does_is_not_mutated() => Assert.Empty(Find("""
        class A
        {
            public A(int b) { _b = b; _c = b; }

            /// <summary>What <see cref="Breaks.Late"/> does.</summary>
            void TooLate() { if (_b) { F(); } }
        }
        """));

    private static IReadOnlyList<Mutation> Find(string code) => MutationFinder.Find("src/Door.cs", Parse(code));

    private static string Apply(string code, string name) =>
        Find(code).Single(mutation => mutation.Name == name).Apply(SourceText.From(code)).ToString();

    private static SyntaxTree Parse(string code) => CSharpSyntaxTree.ParseText(code);
}
