using static GpuSvm.HmmTests.HmmProcess;

namespace GpuSvm.HmmTests.Tests;

/// <summary>Memory goes while the device is at work on it.</summary>
internal static class TeardownTests
{
    private const int Rounds = 100;
    private const int Pages = 128;
    private const int Half = Pages / 2;

    /// <remarks>The frames that become free are filled at once with something else: a stale entry of the device would show that.</remarks>
    public static void AnonTeardown(HmmMachine m)
    {
        for (int round = 0; round < Rounds; round++)
        {
            VirtualAddress other = m.Process.Map(Half);
            VirtualAddress buffer = m.Process.Map(Pages);
            m.Process.Fill(buffer, 0, Pages);
            byte[] mirror = Ints(0, Pages, _ => -1);
            (Errno Error, ulong Pages, ulong Faults) result = default;
            bool isReading = false;
            SvmThread reader = SvmThread.Start("device", () =>
            {
                SharedWord.Write(ref isReading, true);
                result = m.File.Run(DeviceVerb.Read, buffer, Pages, mirror);
            });

            var spin = default(Spin);
            while (!SharedWord.Read(ref isReading))
            {
                spin.Once();
            }

            SpinFor(m.Random.Next(32));
            m.Process.Unmap(buffer + (Half * Page.Size), Half);
            m.Process.Fill(other, 0, Half, i => ~i);
            reader.Join();

            if (result.Error == Errno.None)
            {
                Expect.Equal((ulong)Pages, result.Pages, "pages of a read that has come in time");
                Expect.Ints(mirror, Index, "what the device read");
            }
            else
            {
                Expect.Equal((result.Error, 0UL, 0UL), result, "a read that has come too late");
                Expect.Equal(true, result.Error is Errno.EFAULT or Errno.EBUSY, $"whether {result.Error} may come of that");
                Expect.Ints(mirror, _ => -1, "the device's buffer, which stays as it was");
            }

            m.File.Expect(DeviceVerb.Read, buffer + (Half * Page.Size), 1, (Errno.EFAULT, 0, 0));
            Expect.Ints(m.File.Run(buffer, Half), Index, "the half that is left");
            Expect.Equal(Half, m.File.MirroredPages, "pages that the device has");
            m.Process.Unmap(buffer, Half);
            m.Process.Unmap(other, Half);
        }
    }

    private static byte[] Run(this DeviceFile file, VirtualAddress buffer, int pages)
    {
        byte[] mirror = new byte[pages * (int)Page.Size];
        (Errno error, ulong read, _) = file.Run(DeviceVerb.Read, buffer, pages, mirror);
        Expect.Equal((Errno.None, (ulong)pages), (error, read), "a read of the half that is left");
        return mirror;
    }

    private static void SpinFor(int microseconds)
    {
        Deadline deadline = Clock.Monotonic.After(TimeSpan.FromMicroseconds(microseconds));
        while (!deadline.HasPassed)
        {
        }
    }
}
