using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Eager.Tests.Repository;

/// <summary>
/// The public surface of an assembly as sorted lines, one for each type and each member that other assemblies can see.
/// A line stands alone, so that a comparison of two surfaces can be read without its surroundings.
/// </summary>
internal static class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(bool)] = "bool", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(char)] = "char",
        [typeof(sbyte)] = "sbyte", [typeof(short)] = "short", [typeof(int)] = "int", [typeof(long)] = "long", [typeof(nint)] = "nint",
        [typeof(byte)] = "byte", [typeof(ushort)] = "ushort", [typeof(uint)] = "uint", [typeof(ulong)] = "ulong", [typeof(nuint)] = "nuint",
        [typeof(float)] = "float", [typeof(double)] = "double", [typeof(decimal)] = "decimal",
    };

    public static IEnumerable<string> Lines(Assembly assembly) =>
        assembly.GetExportedTypes().Where(type => !IsUnspeakable(type)).SelectMany(Lines).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Lines(Type type)
    {
        var name = TypeName(type, qualified: true);
        yield return $"{name} : {TypeDeclaration(type)}";
        if (type.IsSubclassOf(typeof(Delegate)))
            yield break;
        foreach (var member in type.GetMembers(Declared).Where(IsVisible))
        {
            if (Describe(member) is { } line)
                yield return $"{name}.{line}";
        }
    }

    private static string TypeDeclaration(Type type)
    {
        if (type.IsEnum)
            return $"enum {TypeName(Enum.GetUnderlyingType(type))}";
        if (type.IsSubclassOf(typeof(Delegate)))
            return "delegate " + Signature(type.GetMethod("Invoke")!, "");

        var kind = type switch
        {
            { IsInterface: true } => "interface",
            { IsValueType: true } => $"{(Has<IsReadOnlyAttribute>(type) ? "readonly " : "")}{(type.IsByRefLike ? "ref " : "")}struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
        var inherited = type.BaseType?.GetInterfaces() ?? [];
        IEnumerable<Type> bases = type.GetInterfaces().Except(inherited).Where(each => each.IsVisible);
        IEnumerable<string> names = bases.Select(each => TypeName(each)).Order(StringComparer.Ordinal);
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
            names = names.Prepend(TypeName(parent));
        return string.Join(", ", [kind, .. names]) + Constraints(type.GetGenericArguments());
    }

    private static bool IsVisible(MemberInfo member) => !IsUnspeakable(member) && member switch
    {
        MethodBase method => IsVisible(method) && !Has<CompilerGeneratedAttribute>(method),
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(IsVisible),
        EventInfo @event => IsVisible(@event.AddMethod!),
        FieldInfo field => field.IsPublic || ((field.IsFamily || field.IsFamilyOrAssembly) && !field.DeclaringType!.IsSealed),
        _ => false, // nested types have lines of their own
    };

    private static bool IsVisible(MethodBase method) =>
        method.IsPublic || ((method.IsFamily || method.IsFamilyOrAssembly) && !method.DeclaringType!.IsSealed);

    /// <summary>Names that only the compiler can write, such as <c>&lt;Clone&gt;$</c>; their types may be nested in one.</summary>
    private static bool IsUnspeakable(MemberInfo member) =>
        member.Name.Contains('<', StringComparison.Ordinal) || (member.DeclaringType is { } outer && IsUnspeakable(outer));

    private static string? Describe(MemberInfo member) => member switch
    {
        ConstructorInfo constructor when !constructor.IsStatic => $"new({Parameters(constructor)})",
        PropertyInfo property => Describe(property),
        FieldInfo { IsSpecialName: true } => null, // an enum's value__
        FieldInfo { IsLiteral: true } field => $"{field.Name} = {Literal(field.GetRawConstantValue())}",
        FieldInfo field => $"{Modifiers(field.IsStatic)}{field.Name}{(field.IsInitOnly ? " readonly" : "")} : {TypeName(field.FieldType, new NullabilityInfoContext().Create(field))}",
        EventInfo @event => $"event {@event.Name} : {TypeName(@event.EventHandlerType!)}",
        MethodInfo method when !IsAccessor(method) && !IsOverride(method) =>
            Modifiers(method.IsStatic) + (method.IsAbstract && !method.DeclaringType!.IsInterface ? "abstract " : "") + Signature(method, method.Name),
        _ => null,
    };

    private static string? Describe(PropertyInfo property)
    {
        var accessors = property.GetAccessors(nonPublic: true).Where(IsVisible).ToList();
        if (accessors.TrueForAll(IsOverride))
            return null;
        var name = property.GetIndexParameters().Length == 0 ? property.Name : $"this[{Parameters(accessors[0], property.GetIndexParameters().Length)}]";
        var verbs = accessors.Select(accessor => accessor switch
        {
            _ when accessor == property.GetMethod => "get; ",
            _ when accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) => "init; ",
            _ => "set; ",
        }).Order(StringComparer.Ordinal);
        return $"{Modifiers(accessors[0].IsStatic)}{name} {{ {string.Concat(verbs)}}} : {TypeName(property.PropertyType, new NullabilityInfoContext().Create(property))}";
    }

    private static string Modifiers(bool isStatic) => isStatic ? "static " : "";

    private static string Signature(MethodInfo method, string name) =>
        $"{name}{GenericParameters(method.GetGenericArguments())}({Parameters(method)}) : "
        + TypeName(method.ReturnType, new NullabilityInfoContext().Create(method.ReturnParameter)) + Constraints(method.GetGenericArguments());

    private static bool IsAccessor(MethodInfo method) =>
        method.IsSpecialName && method.DeclaringType!.GetMembers(Declared).Any(member => member switch
        {
            PropertyInfo property => property.GetAccessors(nonPublic: true).Contains(method),
            EventInfo @event => @event.AddMethod == method || @event.RemoveMethod == method,
            _ => false,
        });

    private static bool IsOverride(MethodInfo method) => method.GetBaseDefinition() != method;

    private static string Parameters(MethodBase method, int count = int.MaxValue) =>
        (Has<ExtensionAttribute>(method) ? "this " : "") + string.Join(", ", method.GetParameters().Take(count).Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var kind = parameter switch
        {
            { IsOut: true } => "out ",
            { ParameterType.IsByRef: true } => Has<IsReadOnlyAttribute>(parameter) ? "in " : "ref ",
            _ when Has<ParamArrayAttribute>(parameter) || Has<ParamCollectionAttribute>(parameter) => "params ",
            _ => "",
        };
        var fallback = parameter.HasDefaultValue ? $" = {Literal(parameter.DefaultValue)}" : "";
        return $"{kind}{TypeName(parameter.ParameterType, new NullabilityInfoContext().Create(parameter))} {parameter.Name}{fallback}";
    }

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Constraints(Type[] parameters) => string.Concat(parameters.Where(each => each.IsGenericParameter).Select(each =>
    {
        string[] special = (each.GenericParameterAttributes & GenericParameterAttributes.SpecialConstraintMask) switch
        {
            GenericParameterAttributes.None => [],
            GenericParameterAttributes.ReferenceTypeConstraint => ["class"],
            GenericParameterAttributes.DefaultConstructorConstraint => ["new()"],
            _ => ["struct"],
        };
        List<string> all = [.. special, .. each.GetGenericParameterConstraints().Where(type => type != typeof(ValueType)).Select(type => TypeName(type)).Order(StringComparer.Ordinal)];
        return all.Count == 0 ? "" : $" where {each.Name} : {string.Join(", ", all)}";
    }));

    private static string GenericParameters(Type[] parameters) =>
        parameters.Length == 0 ? "" : $"<{string.Join(", ", parameters.Select(each => TypeName(each)))}>";

    private static string TypeName(Type type, NullabilityInfo nullability)
    {
        var mark = !type.IsValueType && nullability.ReadState == NullabilityState.Nullable ? "?" : "";
        return type switch
        {
            { IsArray: true } => $"{TypeName(type.GetElementType()!, nullability.ElementType!)}[{new string(',', type.GetArrayRank() - 1)}]{mark}",
            { IsGenericType: true } when nullability.GenericTypeArguments.Length == type.GetGenericArguments().Length && Nullable.GetUnderlyingType(type) is null =>
                $"{PlainName(type)}<{string.Join(", ", type.GetGenericArguments().Zip(nullability.GenericTypeArguments, TypeName))}>{mark}",
            _ => TypeName(type) + mark,
        };
    }

    private static string TypeName(Type type, bool qualified = false)
    {
        if (type.IsByRef)
            return TypeName(type.GetElementType()!);
        if (type.IsPointer)
            return TypeName(type.GetElementType()!) + "*";
        if (type.IsArray)
            return $"{TypeName(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return TypeName(underlying) + "?";
        var prefix = qualified ? type.Namespace + "." : "";
        return prefix + PlainName(type) + GenericParameters(type.GetGenericArguments());
    }

    private static string PlainName(Type type)
    {
        var outer = type is { IsNested: true, IsGenericParameter: false } ? PlainName(type.DeclaringType!) + "." : "";
        return outer + Keywords.GetValueOrDefault(type, type.Name.Split('`')[0]);
    }

    private static bool Has<TAttribute>(ICustomAttributeProvider target) => target.IsDefined(typeof(TAttribute), inherit: false);
}
