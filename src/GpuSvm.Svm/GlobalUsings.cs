global using GpuSvm.Core;
global using GpuSvm.Mm;
global using GpuSvm.Telemetry;
