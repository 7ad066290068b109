package ai.mobileiqa.phone;

import android.content.ContentProvider;
import android.content.ContentResolver;
import android.content.Context;
import android.content.IContentProvider;
import android.content.pm.ProviderInfo;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Finds providers by the authorities of addresses, as the system does, but all in this process. */
public final class Providers extends ContentResolver {
    private static final String OWN = "ai.mobileiqa.demo.outbox";
    private static final String OWN_CLASS = "ai.mobileiqa.demo.Outbox"; // by name: the library has none

    private final Map<String, ContentProvider> providers = new HashMap<>();
    private final Context context;

    public Providers(Context context) {
        super(context);
        this.context = context;
        ContentProvider others = installed(new OtherApps(), OtherApps.AUTHORITIES);
        for (String authority : OtherApps.AUTHORITIES.split(";")) {
            providers.put(authority, others);
        }
    }

    /** The app's own provider. */
    public ContentProvider own() {
        if (!providers.containsKey(OWN)) {
            try {
                Object outbox = Class.forName(OWN_CLASS).getConstructor().newInstance();
                providers.put(OWN, installed((ContentProvider) outbox, OWN));
            } catch (ReflectiveOperationException missing) {
                throw new AssertionError(missing);
            }
        }
        return providers.get(OWN);
    }

    private ContentProvider installed(ContentProvider provider, String authorities) {
        ProviderInfo info = new ProviderInfo();
        info.authority = authorities;
        provider.attachInfo(context, info);
        return provider;
    }

    @Override
    protected IContentProvider acquireProvider(Context asker, String authority) {
        ContentProvider provider = authority.equals(OWN) ? own() : providers.get(authority);
        return provider == null ? null : provider.getIContentProvider();
    }

    @Override
    protected IContentProvider acquireUnstableProvider(Context asker, String authority) {
        return acquireProvider(asker, authority);
    }

    @Override
    public boolean releaseProvider(IContentProvider provider) {
        return true;
    }

    @Override
    public boolean releaseUnstableProvider(IContentProvider provider) {
        return true;
    }

    @Override
    public void unstableProviderDied(IContentProvider provider) {
        throw new AssertionError(Arrays.asList(provider));
    }
}
