global using GpuSvm.Core;
