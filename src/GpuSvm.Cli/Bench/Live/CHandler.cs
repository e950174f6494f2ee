using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using GpuSvm.Live;

namespace GpuSvm.Cli.Bench.Live;

/// <summary>The handler in C (handler.c), compiled here and now, as a process that waits for its turn.</summary>
internal sealed class CHandler : IDisposable
{
    private const string Source = "handler.c";

    private readonly Process _process;
    private readonly int _pages;

    private CHandler(Process process, int pages)
    {
        _process = process;
        _pages = pages;
    }

    /// <summary>Compiles and starts the handler.</summary>
    /// <param name="pages">Number of pages that are touched each time.</param>
    /// <param name="cpus">Where it runs.</param>
    /// <param name="missing">Why there is none, in few words; null if there is.</param>
    /// <returns>The handler, or null.</returns>
    public static CHandler? Start(int pages, CpuPair cpus, out string? missing)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("gpusvm-");
        try
        {
            string program = Path.Combine(folder.FullName, "handler");
            missing = Compile(program);
            return missing is null ? new CHandler(Run(program, pages, cpus), pages) : null;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Has all pages touched once.</summary>
    /// <returns>Nanoseconds for each.</returns>
    /// <exception cref="SvmException">It has ended: it could not serve a fault.</exception>
    public double Touch()
    {
        _process.StandardInput.Write('t');
        _process.StandardInput.Flush();
        string line = _process.StandardOutput.ReadLine() ?? throw new SvmException(Errno.ECANCELED, "The handler in C has ended.");
        return double.Parse(line, CultureInfo.InvariantCulture) / _pages;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.StandardInput.Dispose();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string? Compile(string program)
    {
        var start = new ProcessStartInfo("gcc", ["-O2", "-x", "c", "-", "-o", program])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process compiler = Process.Start(start)!;
            using (Stream source = Assembly.GetExecutingAssembly().GetManifestResourceStream(Source)!)
            {
                source.CopyTo(compiler.StandardInput.BaseStream);
            }

            compiler.StandardInput.Dispose();
            _ = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            return compiler.ExitCode == 0 ? null : "gcc fails";
        }
        catch (Win32Exception)
        {
            return "no gcc";
        }
    }

    private static Process Run(string program, int pages, CpuPair cpus)
    {
        string[] arguments =
        [
            ((ulong)LiveSupport.Required).ToString("x", CultureInfo.InvariantCulture),
            .. ((int[])[pages, cpus.Program, cpus.Handler]).Select(number => number.ToString(CultureInfo.InvariantCulture)),
        ];
        return Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }
}
