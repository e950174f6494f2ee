using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace GpuSvm.Mutate.Edits;

/// <summary>Enumerates the single edits of a file, always the same ones in the same order.</summary>
public static class MutationFinder
{
    /// <summary>All mutations of a file; what <see cref="Exclusions"/> names is left out.</summary>
    /// <param name="file">Path of the file from the root of the checkout.</param>
    /// <param name="tree">What it holds.</param>
    public static IReadOnlyList<Mutation> Find(string file, SyntaxTree tree)
    {
        SourceText text = tree.GetText();
        var found = new List<Mutation>();
        var counts = new Dictionary<(string Member, MutationKind Kind), int>();
        foreach (SyntaxNode node in tree.GetRoot().DescendantNodes().Where(node => !Exclusions.Covers(node)))
        {
            foreach ((MutationKind kind, TextChange[] changes) in EditsOf(node, text))
            {
                string member = NameOfMember(node);
                int ordinal = counts[(member, kind)] = counts.GetValueOrDefault((member, kind)) + 1;
                int line = text.Lines.GetLinePosition(changes[0].Span.Start).Line + 1;
                string code = string.Join(" ↔ ", changes.Select(change => InOneLine(text.ToString(change.Span))));
                found.Add(new Mutation(file, member, kind, ordinal, line, code, changes));
            }
        }

        return found;
    }

    private static IEnumerable<(MutationKind Kind, TextChange[] Changes)> EditsOf(SyntaxNode node, SourceText text)
    {
        if (node is ExpressionSyntax expression && IsCondition(expression))
        {
            yield return (MutationKind.Negate, [new TextChange(node.Span, $"!({node})")]);
        }

        if (node is ExpressionStatementSyntax { Expression: var call } && IsCall(call))
        {
            yield return (MutationKind.Drop, [new TextChange(node.Span, ";" + LineBreaksOf(node.ToString()))]);
        }

        if (node is MethodDeclarationSyntax { ExpressionBody: { } body } method && IsVoid(method) && IsCall(body.Expression))
        {
            var span = TextSpan.FromBounds(body.SpanStart, method.SemicolonToken.Span.End);
            yield return (MutationKind.Drop, [new TextChange(span, "{ }" + LineBreaksOf(text.ToString(span)))]);
        }

        if (node is StatementSyntax first && FollowerOf(first) is { } second && !Exclusions.OrderIsFree(first, second))
        {
            TextChange[] swap = [new TextChange(first.Span, second.ToString()), new TextChange(second.Span, first.ToString())];
            yield return (MutationKind.Swap, swap);
        }
    }

    /// <summary>True for the condition of a statement or of a choice, each side of a logical operator, and every comparison.</summary>
    private static bool IsCondition(ExpressionSyntax node) => node.Parent switch
    {
        BinaryExpressionSyntax parent when IsLogical(parent) => !IsLogical(node),
        IfStatementSyntax parent => parent.Condition == node,
        WhileStatementSyntax parent => parent.Condition == node,
        DoStatementSyntax parent => parent.Condition == node,
        ForStatementSyntax parent => parent.Condition == node,
        ConditionalExpressionSyntax parent when parent.Condition == node => true,
        WhenClauseSyntax => true,
        _ => IsComparison(node),
    };

    private static bool IsLogical(SyntaxNode node) => node.Kind() is SyntaxKind.LogicalAndExpression or SyntaxKind.LogicalOrExpression;

    private static bool IsComparison(SyntaxNode node) => node.Kind() is SyntaxKind.EqualsExpression or SyntaxKind.NotEqualsExpression
        or SyntaxKind.LessThanExpression or SyntaxKind.LessThanOrEqualExpression
        or SyntaxKind.GreaterThanExpression or SyntaxKind.GreaterThanOrEqualExpression;

    private static bool IsCall(ExpressionSyntax expression) => expression is InvocationExpressionSyntax
        or AssignmentExpressionSyntax { Left: IdentifierNameSyntax { Identifier.Text: "_" }, Right: InvocationExpressionSyntax };

    private static bool IsVoid(MethodDeclarationSyntax method) =>
        method.ReturnType is PredefinedTypeSyntax type && type.Keyword.IsKind(SyntaxKind.VoidKeyword);

    private static StatementSyntax? FollowerOf(StatementSyntax statement)
    {
        SyntaxList<StatementSyntax> list = statement.Parent switch
        {
            BlockSyntax block => block.Statements,
            SwitchSectionSyntax section => section.Statements,
            _ => default,
        };
        return list.ElementAtOrDefault(list.IndexOf(statement) + 1);
    }

    private static string NameOfMember(SyntaxNode node) => node.AncestorsAndSelf().OfType<MemberDeclarationSyntax>().First() switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        PropertyDeclarationSyntax property => property.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        TypeDeclarationSyntax type => type.Identifier.Text,
        MemberDeclarationSyntax other => other.Kind().ToString(),
    };

    private static string LineBreaksOf(string text) => new('\n', text.Count(c => c == '\n'));

    private static string InOneLine(string code)
    {
        string line = string.Join(' ', code.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= 70 ? line : $"{line[..69]}…";
    }
}
