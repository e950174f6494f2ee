global using GpuSvm.Core;
global using GpuSvm.Mmu;
global using GpuSvm.Telemetry;
