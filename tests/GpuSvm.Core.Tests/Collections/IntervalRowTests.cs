namespace GpuSvm.Core.Tests.Collections;

public class IntervalRowTests
{
    /// <summary>Numbers on both sides of each border that a comparison can get wrong, above all that of the sign.</summary>
    private static readonly ulong[] Borders =
        [0, 1, 2, uint.MaxValue, 1UL << 32, long.MaxValue - 1UL, long.MaxValue, 1UL << 63, (1UL << 63) + 1, ulong.MaxValue - 1, ulong.MaxValue];

    [Fact]
    public void A_row_is_compared_as_its_numbers_are_one_by_one()
    {
        var random = new SeededRandom(3);
        ulong[] row = new ulong[IntervalRow.Width];
        for (int test = 0; test < 1000; test++)
        {
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = Borders[random.Next(Borders.Length)];
            }

            foreach (ulong value in Borders)
            {
                uint expected = 0;
                for (int i = 0; i < row.Length; i++)
                {
                    expected |= row[i] > value ? 1U << i : 0;
                }

                Assert.Equal(expected, IntervalRow.Above(row, value));
            }

            Assert.Equal(row.Max(), IntervalRow.Highest(row));
            Array.Sort(row);
            Assert.All(Borders, value => Assert.Equal(row.Count(number => number <= value), IntervalRow.CountUpTo(row, value)));
        }
    }
}
