namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>How often something fails.</summary>
public enum Failing
{
    Once,
    FromThenOn,
}
