namespace GpuSvm.Cli.Runs.Ranges;

/// <summary>The map of a range: a letter for each page, or for each few that follow each other.</summary>
internal static class RangeMap
{
    /// <summary>Most letters of a range.</summary>
    public const int Width = 32;

    /// <summary>Draws a range.</summary>
    /// <returns>1 to 32 letters, each for as many pages: that of one place, or <c>*</c> for pages in system memory and in the GPU's.</returns>
    public static string Draw(RangeRow row)
    {
        long pages = row.VideoPages + row.SystemPages + row.AbsentPages;
        int letters = (int)Math.Min(pages, Width);
        long pagesOfLetter = pages / letters;
        (long Video, long System)[] cells = new (long, long)[letters];
        long page = 0;
        foreach (PageRun run in row.Runs)
        {
            for (long end = page + run.Pages; page < end; page++)
            {
                ref (long Video, long System) cell = ref cells[page / pagesOfLetter];
                cell.Video += run.Place == RangeRow.Video ? 1 : 0;
                cell.System += run.Place == RangeRow.System ? 1 : 0;
            }
        }

        return string.Concat(cells.Select(cell => LetterOf(RangeRow.PlaceOf(cell.Video, cell.System))));
    }

    /// <summary>The letter of a place.</summary>
    public static char LetterOf(string place) => place switch
    {
        RangeRow.Video => 'V',
        RangeRow.System => 's',
        RangeRow.Mixed => '*',
        _ => '.',
    };
}
