namespace GpuSvm.Mm;

/// <summary>A migration that has been set up: what all of them are to who copies the bytes.</summary>
/// <remarks>The steps and locks are those of <see cref="MigrateVma"/> and <see cref="MigrateFrames"/>.</remarks>
public interface IPageMigration
{
    /// <summary>The pages, as <see cref="MigrateVma.Source"/>.</summary>
    ReadOnlySpan<MigratePfn> Source { get; }

    /// <summary>Where each page goes, as <see cref="MigrateVma.Destination"/>.</summary>
    Span<MigratePfn> Destination { get; }

    /// <summary>Takes the pages that move from the CPU.</summary>
    /// <returns>Number of pages that still move.</returns>
    int MigratePages();

    /// <summary>Ends the migration.</summary>
    /// <returns>Number of pages that have moved.</returns>
    int Complete();
}
