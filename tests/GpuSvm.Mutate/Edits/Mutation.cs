using Microsoft.CodeAnalysis.Text;

namespace GpuSvm.Mutate.Edits;

/// <summary>One edit of one file.</summary>
/// <param name="File">Path of the file from the root of the checkout.</param>
/// <param name="Member">Name of the member that is edited.</param>
/// <param name="Kind">What is done.</param>
/// <param name="Ordinal">Number among the edits of this kind in members of this name, from 1 on.</param>
/// <param name="Line">Line of the file, from 1 on.</param>
/// <param name="Code">What stood there, in one line.</param>
/// <param name="Changes">The text that changes; the number of lines stays as it is.</param>
public sealed record Mutation(
    string File, string Member, MutationKind Kind, int Ordinal, int Line, string Code, IReadOnlyList<TextChange> Changes)
{
    /// <summary>Names the mutation for as long as its member stays as it is.</summary>
    public string Name => $"{Path.GetFileNameWithoutExtension(File)}/{Member}/{Kind.ToString().ToLowerInvariant()}-{Ordinal}";

    /// <summary>The file's text with the edit.</summary>
    public SourceText Apply(SourceText text) => text.WithChanges(Changes);
}
