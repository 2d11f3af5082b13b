using Eager.Bench;

if (Options.Parse(args) is not { } options)
    return 2;

return new BenchmarkRun(options).Execute();
