using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace GpuSvm.Mutate.Edits;

/// <summary>What is not mutated, because no behaviour hangs on it; docs/mutation.md says the same in words.</summary>
internal static class Exclusions
{
    /// <summary>
    /// True for checks of invariants (<c>Checks.That</c>) and of arguments (<c>ThrowIfNull</c> and the like), for schedule points, which do
    /// nothing outside the explorer, and for what a break alone runs: behind <c>Breaks.X &amp;&amp;</c> and <c>Breaks.X ?</c>, and members
    /// that are documented as "What Breaks.X does".
    /// </summary>
    public static bool Covers(SyntaxNode node) => node.AncestorsAndSelf().Any(ancestor => ancestor switch
    {
        ExpressionStatementSyntax statement => IsCheck(statement),
        { Parent: BinaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalAndExpression } and } =>
            and.Right == ancestor && IsBreak(and.Left),
        { Parent: ConditionalExpressionSyntax choice } => choice.WhenTrue == ancestor && IsBreak(choice.Condition),
        MemberDeclarationSyntax member =>
            member.GetLeadingTrivia().ToFullString().Contains("What <see cref=\"Breaks.", StringComparison.Ordinal),
        _ => false,
    });

    /// <summary>
    /// True for two statements whose order means nothing by rule: one is a check, counts for statistics or declares a constant start
    /// value; both fill fields of a new object; or one leaves, so that swapping drops the other, which is a mutation of its own.
    /// </summary>
    public static bool OrderIsFree(StatementSyntax first, StatementSyntax second) =>
        IsFree(first) || IsFree(second) || first.FirstAncestorOrSelf<ConstructorDeclarationSyntax>() is not null;

    private static bool IsFree(StatementSyntax statement) => statement switch
    {
        ExpressionStatementSyntax expression => IsCheck(expression) || IsAssertion(expression) || IsCount(expression.Expression),
        LocalDeclarationStatementSyntax declaration => declaration.Declaration.Variables.All(IsConstant),
        ReturnStatementSyntax or BreakStatementSyntax or ContinueStatementSyntax or ThrowStatementSyntax => true,
        LocalFunctionStatementSyntax => true,
        _ => false,
    };

    private static bool IsBreak(ExpressionSyntax condition) =>
        condition is MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "Breaks" } };

    private static bool IsCheck(ExpressionStatementSyntax statement) =>
        statement.Expression is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax call }
        && (call.Expression.ToString() is "Checks" or "SchedulePoint"
            || call.Name.Identifier.Text.StartsWith("ThrowIf", StringComparison.Ordinal));

    /// <summary>True for what a caller must hold: leaving it out is a mutation, its place among other statements means nothing.</summary>
    private static bool IsAssertion(ExpressionStatementSyntax statement) =>
        statement.Expression is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax call }
        && call.Name.Identifier.Text.StartsWith("Assert", StringComparison.Ordinal);

    private static bool IsCount(ExpressionSyntax expression) => expression switch
    {
        PostfixUnaryExpressionSyntax count => IsCounter(count.Operand),
        AssignmentExpressionSyntax assignment => IsCounter(assignment.Left),
        _ => false,
    };

    private static bool IsCounter(ExpressionSyntax target) =>
        target is MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "Counters" or "counters" } };

    private static bool IsConstant(VariableDeclaratorSyntax variable) => variable.Initializer?.Value is null
        or LiteralExpressionSyntax or DefaultExpressionSyntax or CollectionExpressionSyntax { Elements.Count: 0 };
}
