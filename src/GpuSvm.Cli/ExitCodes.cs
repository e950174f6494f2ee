namespace GpuSvm.Cli;

/// <summary>What the tool's exit codes mean.</summary>
internal static class ExitCodes
{
    /// <summary>The run was verified, or the question answered.</summary>
    public const int Success = 0;

    /// <summary>A launch failed, or its result differs from the plain CPU computation.</summary>
    public const int Failure = 1;

    /// <summary>The command line or a file that it names cannot be used.</summary>
    public const int BadInput = 2;

    /// <summary>This computer lacks what <c>--live</c> needs.</summary>
    public const int Unavailable = 3;

    /// <summary>A script left something behind when everything was released.</summary>
    public const int Leak = 7;
}
