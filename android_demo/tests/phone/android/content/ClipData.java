package android.content;

import android.net.Uri;
import java.util.ArrayList;
import java.util.List;

public class ClipData {
    private final List<Uri> uris = new ArrayList<>();

    public static ClipData newRawUri(CharSequence label, Uri uri) {
        ClipData clip = new ClipData();
        clip.uris.add(uri);
        return clip;
    }

    public ClipData and(Uri uri) {
        uris.add(uri);
        return this;
    }

    public int getItemCount() {
        return uris.size();
    }

    public Item getItemAt(int position) {
        return new Item(uris.get(position));
    }

    public static class Item {
        private final Uri uri;

        Item(Uri uri) {
            this.uri = uri;
        }

        public Uri getUri() {
            return uri;
        }
    }
}
