using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using GpuSvm.Live;

namespace GpuSvm.Cli.Bench.Live;

/// <summary>A program in C, compiled here and now, as a process that waits for its turn.</summary>
internal sealed class CProgram : IDisposable
{
    private readonly Process _process;

    private CProgram(Process process) => _process = process;

    /// <summary>Compiles and starts a program.</summary>
    /// <param name="source">handler.c or mover.c, which say what they do.</param>
    /// <param name="arguments">What it gets after the features of userfaultfd.</param>
    /// <param name="missing">Why there is none, in few words; null if there is.</param>
    /// <returns>The program, or null.</returns>
    public static CProgram? Start(string source, int[] arguments, out string? missing)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("gpusvm-");
        try
        {
            string program = Path.Combine(folder.FullName, "program");
            missing = Compile(source, program);
            return missing is null ? new CProgram(Run(program, arguments)) : null;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Has the program take its turn.</summary>
    /// <returns>The nanoseconds that it tells.</returns>
    /// <exception cref="SvmException">It has ended: a system call was refused.</exception>
    public double[] Turn()
    {
        _process.StandardInput.Write('t');
        _process.StandardInput.Flush();
        string line = _process.StandardOutput.ReadLine() ?? throw new SvmException(Errno.ECANCELED, "The program in C has ended.");
        return [.. line.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.StandardInput.Dispose();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string? Compile(string source, string program)
    {
        var start = new ProcessStartInfo("gcc", ["-O2", "-x", "c", "-", "-o", program])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process compiler = Process.Start(start)!;
            using (Stream text = Assembly.GetExecutingAssembly().GetManifestResourceStream(source)!)
            {
                text.CopyTo(compiler.StandardInput.BaseStream);
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

    private static Process Run(string program, int[] arguments)
    {
        string[] all =
        [
            ((ulong)LiveSupport.Required).ToString("x", CultureInfo.InvariantCulture),
            .. arguments.Select(number => number.ToString(CultureInfo.InvariantCulture)),
        ];
        return Process.Start(new ProcessStartInfo(program, all) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }
}
